#include "shim/rootfs.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>

#include "base/rollback.h"
#include "base/root_dir.h"
#include "base/sys.h"
#include "linux/mount_words.h"

namespace hull::shim {
namespace {

/// Where a mount goes: links in the root file system lead nowhere else.
Result<std::string> place_of(const std::string& target, const std::string& directory) {
  if (target.empty()) return directory;
  const auto root = TRY(RootDir::open(directory));
  const UniqueFd place = TRY(root.open(target, O_PATH | O_DIRECTORY).context(directory + "/" + target));
  return sys::readlink("/proc/self/fd/" + std::to_string(place.get()));
}

Result<void> mount_one(const MountRequest& request, const std::string& directory) {
  if (request.target.find("..") != std::string::npos)
    return invalid_argument("rootfs mount target \"" + request.target + "\" leaves the root file system");
  const std::string target = TRY(place_of(request.target, directory));
  return linux::mount_words({request.type, request.source, request.options}, target).context("mount " + target);
}

}  // namespace

Result<void> mount_rootfs(const std::vector<MountRequest>& mounts, const std::string& directory) {
  Rollback undo;
  for (const MountRequest& request : mounts) {
    TRY(mount_one(request, directory).context("mount rootfs component"));
    undo.add([directory]() -> Result<void> {
      if (::umount2(directory.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return {};
      return Error::from_errno(errno, "unmount " + directory);
    });
  }
  undo.commit();
  return {};
}

Result<void> unmount_rootfs(const std::string& directory) {
  while (::umount2(directory.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {}
  if (errno == EINVAL || errno == ENOENT) return {};
  return Error::from_errno(errno, "unmount " + directory);
}

}  // namespace hull::shim
