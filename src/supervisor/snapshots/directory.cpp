#include "supervisor/snapshots/directory.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <set>

#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::supervisor {
namespace {

/// Adds up what a tree holds. Linear: each member is looked at once, by its folder's descriptor.
class UsageWalk {
 public:
  /// base: "" or the older tree.
  explicit UsageWalk(std::string base) : base_(std::move(base)) {}

  Result<Usage> run(const std::string& root) {
    std::vector<std::string> folders{""};
    while (!folders.empty()) {
      const std::string folder = std::move(folders.back());
      folders.pop_back();
      auto opened = sys::open(root + folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      if (opened.is(Code::kNotFound) && !folder.empty()) continue;  // a running container changes its layer
      TRY(add_folder(TRY(std::move(opened)), folder, folders));
    }
    return usage_;
  }

 private:
  Result<void> add_folder(FdRef dir, const std::string& folder, std::vector<std::string>& folders) {
    UniqueFd older;
    if (!base_.empty()) {
      auto opened = sys::open(base_ + folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      if (opened.ok()) older = std::move(opened).value();
    }
    if (!is_old(older, ".", TRY(sys::fstat(dir)))) count(TRY(sys::fstat(dir)));
    for (const std::string& name : TRY(list_directory(dir))) {
      const auto found = sys::fstatat(dir, name, AT_SYMLINK_NOFOLLOW);
      if (!found.ok()) continue;
      if (S_ISDIR(found->st_mode)) {
        folders.push_back(folder + "/" + name);
        continue;
      }
      if (is_old(older, name, *found)) continue;
      if (found->st_nlink > 1 && !linked_.insert({found->st_dev, found->st_ino}).second) continue;
      count(*found);
    }
    return {};
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
