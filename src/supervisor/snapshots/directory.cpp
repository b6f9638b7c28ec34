#include "supervisor/snapshots/directory.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <set>

#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::supervisor {
namespace {

/// Adds up what a tree holds, which a container may be changing: no link is followed, and nothing beside the tree
/// counted. Linear, however deep: a folder is found from one that is open a few names above it.
class UsageWalk {
 public:
  /// base: "" or the older tree.
  explicit UsageWalk(std::string base) : base_(std::move(base)) {}

  Result<Usage> run(const std::string& root) {
    auto top = std::make_shared<Start>();
    top->dir = TRY(sys::open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (!base_.empty()) top->older = TRY(sys::open(base_, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    folders_.push_back({std::move(top), "."});
    while (!folders_.empty()) {
      const Folder folder = std::move(folders_.back());
      folders_.pop_back();
      auto opened = open_below(folder.start->dir, folder.path);
      if (opened.ok())
        TRY(add_folder(std::move(opened).value(), folder));
      else if (!has_changed(opened.error()))
        return std::move(opened).error();
    }
    return usage_;
  }

 private:
  static constexpr size_t kMostPath = 512;
  struct Start {
    UniqueFd dir;
    UniqueFd older;  // invalid where there is none
  };
  struct Folder {
    std::shared_ptr<const Start> start;
    std::string path;
  };

  static Result<UniqueFd> open_below(FdRef start, const std::string& path) {
    return sys::openat2(start, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0,
                        RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  }
  static bool has_changed(const Error& error) {
    return error.code() == Code::kNotFound || error.number() == ELOOP || error.number() == ENOTDIR ||
           error.number() == EXDEV || error.number() == EAGAIN;
  }

  Result<void> add_folder(UniqueFd dir, const Folder& folder) {
    UniqueFd older;
    if (folder.start->older.valid()) {
      auto opened = open_below(folder.start->older, folder.path);
      if (opened.ok()) older = std::move(opened).value();
    }
    const auto self = TRY(sys::fstat(dir));
    if (!is_old(older, ".", self)) count(self);
    std::vector<std::string> below;
    for (std::string& name : TRY(list_directory(FdRef(dir)))) {
      const auto found = sys::fstatat(dir, name, AT_SYMLINK_NOFOLLOW);
      if (!found.ok()) continue;
      if (S_ISDIR(found->st_mode))
        below.push_back(std::move(name));
      else
        add_member(older, name, *found);
    }
    if (below.empty()) return {};
    std::shared_ptr<const Start> start = folder.start;
    std::string path = folder.path + "/";
    if (path.size() > kMostPath) {
      start = std::make_shared<const Start>(Start{std::move(dir), std::move(older)});
      path.clear();
    }
    for (const std::string& name : below) folders_.push_back({start, path + name});
    return {};
  }

  void add_member(FdRef older, const std::string& name, const struct stat& found) {
    if (is_old(older, name, found)) return;
    if (found.st_nlink > 1 && !linked_.insert({found.st_dev, found.st_ino}).second) return;
    count(found);
  }

  /// A snapshot keeps numbers and times of change, until something is changed.
  static bool is_old(FdRef older, const std::string& name, const struct stat& found) {
    if (!older.valid()) return false;
    const auto old = sys::fstatat(older, name, AT_SYMLINK_NOFOLLOW);
    return old.ok() && old->st_ino == found.st_ino && old->st_ctim.tv_sec == found.st_ctim.tv_sec &&
           old->st_ctim.tv_nsec == found.st_ctim.tv_nsec;
  }

  void count(const struct stat& found) {
    usage_.size += found.st_blocks * 512;
    ++usage_.inodes;
  }

  const std::string base_;
  std::vector<Folder> folders_;
  Usage usage_;
  std::set<std::pair<dev_t, ino_t>> linked_;
};

}  // namespace

Result<void> make_snapshot_folder(const std::string& path) {
  TRY(make_directories(path, 0700));
  const UniqueFd dir = TRY(sys::open(path, O_RDONLY | O_DIRECTORY));
  int flags = 0;
  // File systems without attributes have no block groups either.
  if (::ioctl(dir.get(), FS_IOC_GETFLAGS, &flags) != 0 || (flags & FS_TOPDIR_FL) != 0) return {};
  flags |= FS_TOPDIR_FL;
  if (::ioctl(dir.get(), FS_IOC_SETFLAGS, &flags) != 0)
    logging::debug("mark folder of snapshots", {{"path", path}, {"errno", errno}});
  return {};
}

Result<std::vector<int64_t>> list_numbered(const std::string& folder) {
  std::vector<int64_t> ids;
  for (const std::string& name : TRY(list_directory(folder)))
    if (const auto id = parse_integer<int64_t>(name)) ids.push_back(*id);
  return ids;
}

Result<Usage> disk_usage(const std::string& path) { return UsageWalk("").run(path); }
Result<Usage> disk_usage_over(const std::string& path, const std::string& base) { return UsageWalk(base).run(path); }

bool is_installed(const std::string& program) {
  const char* path = std::getenv("PATH");
  for (const std::string_view folder : split(path ? path : "", ':'))
    if (!folder.empty() && ::access((std::string(folder) + "/" + program).c_str(), X_OK) == 0) return true;
  return false;
}

Result<void> copy_owner_and_mode(const std::string& from, const std::string& to) {
  const auto model = TRY(sys::stat(from));
  TRY(sys::chown(to, model.st_uid, model.st_gid));
  return sys::chmod(to, model.st_mode & 07777);
}

}  // namespace hull::supervisor
