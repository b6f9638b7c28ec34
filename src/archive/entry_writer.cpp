#include "archive/entry_writer.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "archive/tree.h"
#include "base/files.h"
#include "base/sys.h"

namespace hull::archive {
namespace {

constexpr size_t kMaxPath = 4000;  // and a whiteout's prefix
constexpr size_t kBuffer = 512 * 1024;

}  // namespace

std::string join_path(const std::string& parent, const std::string& name) {
  return parent.empty() ? name : parent + "/" + name;
}

Result<UniqueFd> TreeRoot::open(const std::string& path, int flags) const {
  if (path.size() > kMaxPath) return invalid_argument("a path is longer than 4000 bytes: " + path.substr(0, 100) + "…");
  return sys::openat2(root_, path.empty() ? "." : path, flags | O_NOFOLLOW, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

Result<std::vector<std::string>> TreeRoot::names(const std::string& path) const {
  const UniqueFd dir = TRY(open(path, O_RDONLY | O_DIRECTORY));
  auto names = TRY(list_directory(FdRef(dir)));
  std::sort(names.begin(), names.end());
  return names;
}

Result<struct stat> TreeRoot::stat(const std::string& path) const {
  if (path.empty()) return sys::fstat(root_);
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return sys::fstatat(root_, path, AT_SYMLINK_NOFOLLOW);
  const UniqueFd parent = TRY(open(path.substr(0, slash), O_PATH | O_DIRECTORY));
  return sys::fstatat(parent, path.substr(slash + 1), AT_SYMLINK_NOFOLLOW);
}

Result<std::vector<Xattr>> layer_xattrs(FdRef file) {
  auto all = TRY(read_xattrs(file));
  std::erase_if(all, [](const Xattr& xattr) { return belongs_to_host(xattr.name); });
  return all;
}

std::string EntryWriter::name_of(const std::string& path) const {
  if (path.empty()) return top_.empty() ? "." : top_;
  return top_.ends_with('/') ? top_ + path : join_path(top_, path);
}

Result<void> EntryWriter::add(const std::string& path, const struct stat& seen) {
  if (S_ISSOCK(seen.st_mode)) return {};
  // O_PATH: neither a FIFO nor a device notices, and a link is itself. What was seen may have been exchanged since.
  const UniqueFd member = TRY(tree_.open(path, O_PATH));
  const struct stat status = TRY(sys::fstat(member));
  TarEntry entry;
  entry.name = name_of(path);
  if (S_ISDIR(status.st_mode) && !entry.name.ends_with('/')) entry.name += '/';
  entry.mode = status.st_mode;
  entry.uid = status.st_uid;
  entry.gid = status.st_gid;
  entry.mtime = status.st_mtim;
  entry.device_major = major(status.st_rdev);
  entry.device_minor = minor(status.st_rdev);
  if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
    const auto [first, fresh] = linked_.try_emplace({status.st_dev, status.st_ino}, path);
    if (!fresh) {
      entry.is_hard_link = true;
      entry.link = name_of(first->second);
      return tar_.begin(entry);
    }
  }
  if (S_ISLNK(status.st_mode)) entry.link = TRY(sys::readlinkat(member, ""));
  entry.xattrs = TRY(layer_xattrs(member));
  if (!S_ISREG(status.st_mode) || status.st_size == 0) return tar_.begin(entry);
  entry.size = status.st_size;
  const UniqueFd file = TRY(sys::open(proc_path(member), O_RDONLY | O_NONBLOCK));
  TRY(tar_.begin(entry));
  return copy_content(file, entry.size);
}

Result<void> EntryWriter::copy_content(FdRef file, int64_t size) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(std::min<size_t>(kBuffer, static_cast<size_t>(size)));
  while (size > 0) {
    const size_t wanted = static_cast<size_t>(std::min<int64_t>(size, kBuffer));
    size_t count = TRY(sys::read(file, {buffer.get(), wanted}));
    if (count == 0) std::fill_n(buffer.get(), count = wanted, '\0');
    TRY(tar_.write({buffer.get(), count}));
    size -= static_cast<int64_t>(count);
  }
  return {};
}

Result<void> EntryWriter::add_marker(const std::string& path) {
  TarEntry entry;
  entry.name = path;
  entry.mode = S_IFREG | 0600;
  return tar_.begin(entry);
}

}  // namespace hull::archive
