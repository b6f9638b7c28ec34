#pragma once

#include "base/result.h"
#include "linux/namespaces.h"
#include "runtime/seccomp_cache.h"
#include "runtime/sync.h"
#include "spec/runtime/state.h"

/// SCMP_ACT_NOTIFY: a process outside answers for system calls of the container.
/// Source: OCI runtime-spec 1.3, config-linux.md, "The Container Process State"; seccomp_unotify(2).
namespace hull::runtime {

/// In the container: installs the filter and waits until the runtime has handed its listener on. From here on each
/// system call may wait for the agent, but for the write(2) that tells the runtime (see check_notify()).
Result<void> install_with_listener(const SeccompProgram& seccomp, const SyncSocket& sync);

/// In the runtime: takes the listener out of the process and gives it, with the state, to who listens at the profile's
/// listenerPath. Nothing happens for a profile without notifications.
Result<void> forward_listener(const SeccompProgram& seccomp, const SyncSocket& sync, const linux::Child& process,
                              const spec::RuntimeState& state);

/// Whether the profile can work: a listener is named, and neither the default nor write(2) waits for it, since the
/// agent must be told first. Errors: kInvalidArgument.
Result<void> check_notify(const spec::Seccomp& profile);

}  // namespace hull::runtime
