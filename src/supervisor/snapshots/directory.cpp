#include "supervisor/snapshots/directory.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <set>

#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::supervisor {

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

Result<Usage> disk_usage(const std::string& path) {
  Usage usage;
  std::set<std::pair<dev_t, ino_t>> linked;
  std::vector<std::string> folders{path};
  while (!folders.empty()) {
    const std::string folder = std::move(folders.back());
    folders.pop_back();
    auto opened = sys::open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (opened.is(Code::kNotFound)) continue;  // a running container changes its layer
    const UniqueFd dir = TRY(std::move(opened));
    const auto self = TRY(sys::fstat(dir));
    usage.size += self.st_blocks * 512;
    ++usage.inodes;
    for (const std::string& name : TRY(list_directory(FdRef(dir)))) {
      auto found = sys::fstatat(dir, name, AT_SYMLINK_NOFOLLOW);
      if (!found.ok()) continue;
      if (S_ISDIR(found->st_mode)) {
        folders.push_back(folder + "/" + name);
        continue;
      }
      if (found->st_nlink > 1 && !linked.insert({found->st_dev, found->st_ino}).second) continue;
      usage.size += found->st_blocks * 512;
      ++usage.inodes;
    }
  }
  return usage;
}

Result<void> copy_owner_and_mode(const std::string& from, const std::string& to) {
  const auto model = TRY(sys::stat(from));
  TRY(sys::chown(to, model.st_uid, model.st_gid));
  return sys::chmod(to, model.st_mode & 07777);
}

}  // namespace hull::supervisor
