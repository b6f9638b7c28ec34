#include "programs/hulld/preflight.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.h"
#include "linux/cgroup_layout.h"

namespace hull::daemon {

Result<void> check_host() {
  if (::geteuid() != 0)
    return Error(Code::kPermissionDenied, "hulld needs to be started with root privileges (it runs as user " +
                                              std::to_string(::geteuid()) + ")");
  if (auto layout = linux::CgroupLayout::detect(); !layout.ok())
    return failed_precondition("no cgroup hierarchy is mounted: " + layout.error().message());
  return {};
}

Result<void> check_overlayfs() {
  // Asking for the file system also makes the kernel load its module, which /proc/filesystems would not.
  const UniqueFd context(static_cast<int>(::syscall(SYS_fsopen, "overlay", 1U)));  // FSOPEN_CLOEXEC
  if (context.valid()) return {};
  if (errno == ENODEV) return failed_precondition("this kernel has no overlayfs, on which images are unpacked");
  return Error::from_errno(errno, "open file system overlay");
}

}  // namespace hull::daemon
