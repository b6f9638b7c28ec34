#pragma once

#include <vector>

#include "base/fd.h"
#include "base/result.h"

/// Where hostile tars are read: whoever takes this process over has next to nothing.
namespace hull::unpack {

enum class Access { kRead, kWrite };

/// A mount of its own of the directory, in no namespace: ".." leads nowhere from it. Before enter_sandbox().
Result<UniqueFd> detach(FdRef directory, Access access);

/// From here on this process
/// - sees an empty, read-only file system with its own entry of /proc (files are changed by /proc/self/fd);
/// - has the capabilities that making files as an image wants them takes: CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER,
///   CAP_FSETID, CAP_MKNOD, CAP_SETFCAP, and CAP_SYS_ADMIN for the attributes trusted.* alone;
/// - can make only the system calls that unpacking takes: no socket, mount, exec, ioctl, ptrace, keys or new process;
/// - has bounds of memory, descriptors and core files.
/// It dies with its parent. Single-threaded. Errors: what the kernel refuses; nothing may be unpacked then.
Result<void> enter_sandbox();

}  // namespace hull::unpack
