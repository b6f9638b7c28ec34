#include "engine/files/path_stat.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <deque>

#include "base/sys.h"
#include "base/text.h"
#include "base/time.h"
#include "engine/containers/mount_planner.h"

namespace hull::engine {
namespace {

constexpr int kMaxLinks = 255;
// Each step of the way is looked up from the root: what that may come to, in bytes of paths and a lump for each.
constexpr size_t kMaxWork = 16 * 1024 * 1024;
constexpr size_t kWorkOfAStep = 64;

Error not_a_directory(const ContainerPath& path) {
  return invalid_argument("lstat " + path.whole + ": not a directory");
}

Result<struct stat> look(const RootDir& root, const ContainerPath& path) {
  if (path.directory || path.base == "/") {
    const std::string at = path.base == "." || path.base == "/" ? path.parent : path.parent + "/" + path.base;
    return sys::fstat(TRY(root.open(at, O_PATH | O_DIRECTORY)));
  }
  const UniqueFd parent = TRY(root.open(path.parent, O_PATH | O_DIRECTORY));
  return sys::fstatat(parent, path.base, AT_SYMLINK_NOFOLLOW);
}

/// Where the path leads, as far as there is anything; by names alone.
Result<std::string> follow(const RootDir& root, const std::string& path) {
  std::deque<std::string> left;
  const auto push_front = [&](std::string_view text) {
    const auto parts = split(text, '/');
    left.insert(left.begin(), parts.begin(), parts.end());
  };
  push_front(path);
  std::vector<std::string> walked;
  size_t work = 0;
  for (int links = 0; !left.empty();) {
    const std::string part = std::move(left.front());
    left.pop_front();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!walked.empty()) walked.pop_back();
      continue;
    }
    walked.push_back(part);
    const std::string at = join(walked, "/");
    work += kWorkOfAStep + at.size();
    if (work > kMaxWork) return invalid_argument("too long a way through the links in " + path);
    const auto found = root.open_without_links(at, O_PATH | O_NOFOLLOW);
    if (!found.ok() || !S_ISLNK(TRY(sys::fstat(*found)).st_mode)) continue;
    if (++links > kMaxLinks) return invalid_argument("too many links in " + path);
    const std::string target = TRY(sys::readlinkat(*found, ""));
    if (target.starts_with('/'))
      walked.clear();
    else
      walked.pop_back();
    push_front(target);
  }
  return "/" + join(walked, "/");
}

}  // namespace

ContainerPath ContainerPath::parse(const std::string& text) {
  const std::string clean = clean_path("/" + text);
  const bool dot = text.ends_with("/.") || text == ".";
  const bool slash = text.ends_with('/');
  ContainerPath path;
  if (clean == "/") return {.parent = "/", .base = "/", .directory = true, .whole = "/"};
  if (dot) return {.parent = clean, .base = ".", .directory = true, .whole = clean + "/."};
  const size_t end = clean.rfind('/');
  path.parent = end == 0 ? "/" : clean.substr(0, end);
  path.base = clean.substr(end + 1);
  path.directory = slash;
  path.whole = clean + (slash ? "/" : "");
  return path;
}

uint32_t go_file_mode(mode_t mode) {
  uint32_t bits = mode & 0777;
  if (mode & S_ISUID) bits |= 1u << 23;
  if (mode & S_ISGID) bits |= 1u << 22;
  if (mode & S_ISVTX) bits |= 1u << 20;
  switch (mode & S_IFMT) {
    case S_IFDIR: return bits | 1u << 31;
    case S_IFLNK: return bits | 1u << 27;
    case S_IFBLK: return bits | 1u << 26;
    case S_IFCHR: return bits | 1u << 26 | 1u << 21;
    case S_IFIFO: return bits | 1u << 25;
    case S_IFSOCK: return bits | 1u << 24;
    default: return bits;
  }
}

Result<api::PathStat> stat_path(const RootDir& root, const ContainerPath& path) {
  const auto found = look(root, path);
  if (!found.ok() && found.error().number() == ENOTDIR) return not_a_directory(path);
  const struct stat status = TRY(found);
  api::PathStat stat{.name = path.base, .size = status.st_size, .mode = go_file_mode(status.st_mode)};
  stat.mtime = format_rfc3339(
      Timestamp(std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec)));
  if (S_ISLNK(status.st_mode)) stat.link_target = TRY(follow(root, path.parent + "/" + path.base));
  return stat;
}

}  // namespace hull::engine
