#include "engine/containers/copy_up.h"

#include <sys/sendfile.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/rollback.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::engine {
namespace {

constexpr int kMaxDepth = 255;
constexpr size_t kStageDigits = 8;

Result<void> copy_attributes(FdRef from, FdRef to) {
  std::vector<char> names(64 * 1024);
  const ssize_t size = ::flistxattr(from.get(), names.data(), names.size());
  if (size < 0) return {};  // a file system without them
  std::vector<char> value(64 * 1024);
  for (const char* name = names.data(); name < names.data() + size; name += std::string_view(name).size() + 1) {
    if (std::string_view(name).starts_with("trusted.overlay.")) continue;
    const ssize_t length = ::fgetxattr(from.get(), name, value.data(), value.size());
    if (length < 0) continue;
    if (::fsetxattr(to.get(), name, value.data(), static_cast<size_t>(length), 0) != 0 && errno != ENOTSUP)
      return Error::from_errno(errno, std::string("set attribute ") + name);
  }
  return {};
}

/// Owner, mode, attributes and times, in the order in which they don't undo each other.
Result<void> copy_metadata(FdRef from, FdRef to, const struct stat& info) {
  TRY(sys::fchown(to, info.st_uid, info.st_gid));
  TRY(sys::fchmod(to, info.st_mode & 07777));
  TRY(copy_attributes(from, to));
  const struct timespec times[2] = {info.st_atim, info.st_mtim};
  if (::futimens(to.get(), times) != 0) return Error::from_errno(errno, "set times");
  return {};
}

Result<void> copy_range(FdRef from, FdRef to, off_t begin, off_t end) {
  TRY(sys::lseek(to, begin, SEEK_SET));
  while (begin < end) {
    const ssize_t copied =
        ::sendfile(to.get(), from.get(), &begin, static_cast<size_t>(std::min<off_t>(end - begin, 1 << 30)));
    if (copied < 0) return Error::from_errno(errno, "copy file");
    if (copied == 0) break;
  }
  return {};
}

/// Holes stay holes: a sparse file of an image must not fill the disk.
Result<void> copy_bytes(FdRef from, FdRef to, int64_t size) {
  for (off_t at = 0; at < size;) {
    const off_t data = ::lseek(from.get(), at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // nothing but a hole is left
    if (data < 0) return Error::from_errno(errno, "find data");
    const off_t end = std::min<off_t>(TRY(sys::lseek(from, data, SEEK_HOLE)), size);
    TRY(copy_range(from, to, data, end));
    at = end;
  }
  return sys::ftruncate(to, size);
}

class Copier {
 public:
  explicit Copier(FdRef target) : target_(target) {}

  /// path: of the directory below the target, "" or with a slash at its end.
  Result<void> copy_directory(FdRef from, FdRef to, const std::string& path, int depth) {
    if (depth > kMaxDepth) return invalid_argument("directories nested too deeply");
    for (const std::string& name : TRY(list_directory(from)))
      TRY(copy_entry(from, to, path, name, depth).context(name));
    return {};
  }

 private:
  Result<void> copy_entry(FdRef from, FdRef to, const std::string& path, const std::string& name, int depth) {
    const auto info = TRY(sys::fstatat(from, name, AT_SYMLINK_NOFOLLOW));
    if (S_ISLNK(info.st_mode)) {
      TRY(sys::symlinkat(TRY(sys::readlinkat(from, name)), to, name));
      return sys::fchownat(to, name, info.st_uid, info.st_gid, AT_SYMLINK_NOFOLLOW);
    }
    if (S_ISDIR(info.st_mode)) {
      TRY(sys::mkdirat(to, name, 0700));
      const UniqueFd source = TRY(sys::openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
      const UniqueFd target = TRY(sys::openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
      TRY(copy_directory(source, target, path + name + "/", depth + 1));
      return copy_metadata(source, target, info);
    }
    if (S_ISREG(info.st_mode)) return copy_regular(from, to, path, name, info);
    if (::mknodat(to.get(), name.c_str(), info.st_mode, info.st_rdev) != 0)
      return Error::from_errno(errno, "make node");
    return sys::fchownat(to, name, info.st_uid, info.st_gid, AT_SYMLINK_NOFOLLOW);
  }

  /// Names of one file stay names of one file. The first is noted as text: an image may have any number of them.
  Result<void> copy_regular(FdRef from, FdRef to, const std::string& path, const std::string& name,
                            const struct stat& info) {
    if (info.st_nlink < 2) return copy_file(from, to, name, info);
    const auto [link, first] = links_.try_emplace({info.st_dev, info.st_ino}, path + name);
    if (!first) return sys::linkat(target_, link->second, to, name, 0);
    return copy_file(from, to, name, info);
  }

  Result<void> copy_file(FdRef from, FdRef to, const std::string& name, const struct stat& info) {
    const UniqueFd source = TRY(sys::openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    const UniqueFd target = TRY(sys::openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    TRY(copy_bytes(source, target, info.st_size));
    return copy_metadata(source, target, info);
  }

  const FdRef target_;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;
};

Result<void> copy_tree(FdRef from, const std::string& stage) {
  const UniqueFd to = TRY(sys::open(stage, O_RDONLY | O_DIRECTORY));
  return Copier(to).copy_directory(from, to, "", 0);
}

Result<void> show(const std::string& stage, FdRef target) {
  const UniqueFd from = TRY(sys::open(stage, O_RDONLY | O_DIRECTORY));
  for (const std::string& name : TRY(list_directory(from)))
    if (::renameat2(from.get(), name.c_str(), target.get(), name.c_str(), RENAME_NOREPLACE) != 0 && errno != EEXIST)
      return Error::from_errno(errno, "move " + name);
  return {};
}

}  // namespace

Result<void> copy_up(const RootDir& image, const std::string& path, const std::string& target) {
  const auto from = image.open(path, O_RDONLY | O_DIRECTORY);
  if (!from.ok()) {
    if (from.is(Code::kNotFound) || from.error().number() == ENOTDIR) return {};
    return from.error();
  }
  const std::string stage =
      target.substr(0, target.rfind('/') + 1) + std::string(kCopyUpStage) + random_hex(kStageDigits);
  TRY(sys::mkdir(stage, 0700));
  const Defer clean([&] {
    if (auto removed = remove_tree(stage); !removed.ok())
      logging::warn("remove copy", {{"path", stage}, {"error", removed.error().message()}});
  });
  TRY(copy_tree(*from, stage));
  const UniqueFd to = TRY(sys::open(target, O_RDONLY | O_DIRECTORY));
  TRY(show(stage, to));
  return copy_metadata(*from, to, TRY(sys::fstat(*from)));
}

}  // namespace hull::engine
