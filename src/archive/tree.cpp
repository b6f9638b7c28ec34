#include "archive/tree.h"

#include <fcntl.h>
#include <sys/xattr.h>

#include <algorithm>

#include "base/files.h"
#include "base/sys.h"

namespace hull::archive {

std::string proc_path(FdRef fd) { return "/proc/self/fd/" + std::to_string(fd.get()); }

Result<void> remove_entry(FdRef dir, const std::string& name) {
  // Depth is bounded by memory, not by the stack: hostile trees are deep.
  if (::unlinkat(dir.get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return Error::from_errno(errno, "remove " + name);
  struct Level {
    UniqueFd dir;
    std::string name;
    std::vector<std::string> left;
  };
  const auto enter = [](FdRef parent, const std::string& child) -> Result<Level> {
    auto fd = TRY(sys::openat(parent, child, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    auto names = TRY(list_directory(FdRef(fd)));
    return Level{std::move(fd), child, std::move(names)};
  };
  std::vector<Level> path;
  path.push_back(TRY(enter(dir, name)));
  while (!path.empty()) {
    Level& level = path.back();
    if (level.left.empty()) {
      const FdRef parent = path.size() > 1 ? FdRef(path[path.size() - 2].dir) : dir;
      TRY(sys::unlinkat(parent, level.name, AT_REMOVEDIR));
      path.pop_back();
      continue;
    }
    std::string child = std::move(level.left.back());
    level.left.pop_back();
    if (::unlinkat(level.dir.get(), child.c_str(), 0) == 0 || errno == ENOENT) continue;
    if (errno != EISDIR && errno != EPERM) return Error::from_errno(errno, "remove " + child);
    auto next = TRY(enter(level.dir, child));
    path.push_back(std::move(next));
  }
  return {};
}

Result<std::vector<Xattr>> read_xattrs(FdRef file) {
  const std::string path = proc_path(file);
  std::string names(4096, '\0');
  ssize_t size = 0;
  while ((size = ::listxattr(path.c_str(), names.data(), names.size())) < 0) {
    if (errno == ENOTSUP || errno == EPERM) return std::vector<Xattr>();
    if (errno != ERANGE || names.size() >= (1 << 20)) return Error::from_errno(errno, "list extended attributes");
    names.resize(names.size() * 4);
  }
  std::vector<Xattr> all;
  for (size_t at = 0; at < static_cast<size_t>(size);) {
    const std::string name = names.c_str() + at;
    at += name.size() + 1;
    std::string value(256, '\0');
    ssize_t length = 0;
    while ((length = ::getxattr(path.c_str(), name.c_str(), value.data(), value.size())) < 0 && errno == ERANGE)
      value.resize(value.size() * 4);
    if (length < 0) continue;  // it went, or is not ours to read
    value.resize(static_cast<size_t>(length));
    all.push_back({name, std::move(value)});
  }
  std::sort(all.begin(), all.end());
  return all;
}

Result<void> write_xattr(FdRef file, const Xattr& xattr) {
  const std::string path = proc_path(file);
  if (::setxattr(path.c_str(), xattr.name.c_str(), xattr.value.data(), xattr.value.size(), 0) == 0) return {};
  if (errno == ENOTSUP || errno == EPERM) return {};
  return Error::from_errno(errno, "set extended attribute " + xattr.name);
}

Result<void> remove_xattr(FdRef file, const std::string& name) {
  if (::removexattr(proc_path(file).c_str(), name.c_str()) == 0) return {};
  if (errno == ENODATA || errno == ENOTSUP || errno == EPERM) return {};
  return Error::from_errno(errno, "remove extended attribute " + name);
}

bool belongs_to_host(std::string_view name) {
  return name.starts_with(kOverlayPrefix) || name == "security.selinux" || name == "security.ima" ||
         name == "security.evm";
}

}  // namespace hull::archive
