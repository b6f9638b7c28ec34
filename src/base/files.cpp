#include "base/files.h"

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <memory>

#include "base/ids.h"
#include "base/sys.h"

namespace hull {
namespace {

std::string parent_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> sync_directory(const std::string& path) {
  const UniqueFd dir = TRY(sys::open(path, O_RDONLY | O_DIRECTORY));
  return sys::fsync(dir);
}

/// Descriptors that a removal holds at once; a deeper directory is moved up to the top first.
constexpr size_t kMaxDepth = 64;

struct Level {
  UniqueFd dir;
  std::string name;
  std::vector<std::string> left;
};

/// device: of the tree's root; a directory of another one is a mount and is not entered.
Result<Level> enter(FdRef parent, const std::string& name, dev_t device) {
  auto dir = TRY(sys::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  if (TRY(sys::fstat(dir)).st_dev != device) return failed_precondition("remove " + name + ": it is a mount point");
  auto names = TRY(list_directory(FdRef(dir)));
  return Level{std::move(dir), name, std::move(names)};
}

/// Whether the name was removed; false where it is a directory.
Result<bool> remove_leaf(FdRef dir, const std::string& name) {
  const auto removed = sys::unlinkat(dir, name, 0);
  if (removed.ok() || removed.is(Code::kNotFound)) return true;
  if (removed.error().number() != EISDIR && removed.error().number() != EPERM) return removed.error();
  return false;
}

/// Empties a directory. Neither recursion nor a descriptor for each level: a container chooses how deep its trees are.
Result<void> empty_directory(const std::string& top) {
  auto root = TRY(sys::open(top, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  const dev_t device = TRY(sys::fstat(root)).st_dev;
  auto names = TRY(list_directory(FdRef(root)));
  std::vector<Level> path;
  path.push_back({std::move(root), "", std::move(names)});
  while (true) {
    Level& level = path.back();
    if (level.left.empty()) {
      if (path.size() == 1) return {};
      TRY(sys::unlinkat(path[path.size() - 2].dir, level.name, AT_REMOVEDIR));
      path.pop_back();
      continue;
    }
    const std::string name = std::move(level.left.back());
    level.left.pop_back();
    if (TRY(remove_leaf(level.dir, name))) continue;
    if (path.size() < kMaxDepth) {
      auto next = TRY(enter(level.dir, name, device));
      path.push_back(std::move(next));
      continue;
    }
    const std::string moved = "removed-" + random_hex(16);
    TRY(sys::renameat(level.dir, name, path.front().dir, moved));
    path.front().left.push_back(moved);
  }
}

}  // namespace

Result<std::string> read_all(FdRef fd, Bytes limit) {
  std::string data;
  size_t used = 0;
  for (;;) {
    if (used == data.size()) data.resize(std::max<size_t>(4096, data.size() * 2));
    const size_t size = TRY(sys::read(fd, std::span(data).subspan(used)));
    if (size == 0) break;
    used += size;
    if (used > static_cast<size_t>(limit.count))
      return Error(Code::kResourceExhausted, "larger than " + std::to_string(limit.count) + " bytes");
  }
  data.resize(used);
  return data;
}

Result<std::string> read_file(const std::string& path, Bytes limit) { return read_file(FdRef(AT_FDCWD), path, limit); }

Result<std::string> read_file(FdRef dir, const std::string& path, Bytes limit) {
  const UniqueFd file = TRY(sys::openat(dir, path, O_RDONLY));
  return read_all(file, limit).context(path);
}

Result<void> write_existing(const std::string& path, std::string_view data) {
  return write_existing(FdRef(AT_FDCWD), path, data);
}

Result<void> write_existing(FdRef dir, const std::string& path, std::string_view data) {
  const UniqueFd file = TRY(sys::openat(dir, path, O_WRONLY));
  if (TRY(sys::write(file, data).context(path)) != data.size()) return data_loss("short write to " + path);
  return {};
}

Result<void> replace_file(const std::string& path, std::string_view data, mode_t mode, Durable durable) {
  const std::string temporary = path + ".tmp-" + random_hex(8);
  const auto write = [&]() -> Result<void> {
    const UniqueFd file = TRY(sys::open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode));
    TRY(sys::fchmod(file, mode));  // whatever the umask is
    TRY(sys::write_all(file, data).context(path));
    if (durable == Durable::kYes) TRY(sys::fsync(file));
    return sys::rename(temporary, path);
  };
  if (auto written = write(); !written.ok()) {
    (void)sys::unlink(temporary);
    return written;
  }
  if (durable == Durable::kYes) TRY(sync_directory(parent_of(path)));
  return {};
}

Result<void> make_directories(const std::string& path, mode_t mode) {
  auto made = sys::mkdir(path, mode);
  if (made.ok() || made.is(Code::kAlreadyExists)) return {};
  if (!made.is(Code::kNotFound)) return made;
  const std::string parent = parent_of(path);
  if (parent == path || parent == ".") return made;
  TRY(make_directories(parent, mode));
  made = sys::mkdir(path, mode);
  if (made.is(Code::kAlreadyExists)) return {};
  return made;
}

Result<void> remove_tree(const std::string& path) {
  const auto removed = sys::unlink(path);
  if (removed.ok() || removed.is(Code::kNotFound)) return {};
  if (removed.error().number() != EISDIR && removed.error().number() != EPERM) return removed.error();
  TRY(empty_directory(path).context(path));
  return sys::rmdir(path);
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  const UniqueFd dir = TRY(sys::open(path, O_RDONLY | O_DIRECTORY));
  return list_directory(dir).context(path);
}

Result<std::vector<std::string>> list_directory(FdRef dir) {
  // A descriptor of its own: fdopendir takes it over and moves its offset.
  UniqueFd own = TRY(sys::openat(dir, ".", O_RDONLY | O_DIRECTORY));
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(own.get()), ::closedir);
  if (!stream) return Error::from_errno(errno, "list directory");
  (void)own.release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (!entry && errno != 0) return Error::from_errno(errno, "list directory");
    if (!entry) return names;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
}

bool exists(const std::string& path) { return ::faccessat(AT_FDCWD, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0; }

}  // namespace hull
