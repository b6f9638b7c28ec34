#include "shim/rootfs.h"

#include <sys/mount.h>

#include <cerrno>

#include "base/rollback.h"
#include "linux/mount_words.h"

namespace hull::shim {
namespace {

Result<void> mount_one(const MountRequest& request, const std::string& directory) {
  if (request.target.find("..") != std::string::npos)
    return invalid_argument("rootfs mount target \"" + request.target + "\" leaves the root file system");
  const std::string target = request.target.empty() ? directory : directory + "/" + request.target;
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
