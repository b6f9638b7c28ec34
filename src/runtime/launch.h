#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/process_limits.h"
#include "runtime/seccomp_cache.h"
#include "runtime/sync.h"
#include "spec/runtime/process.h"

/// The last steps of a process that becomes the user's program: the same for a container's first process and for exec.
namespace hull::runtime {

/// A program that was found and waits to be run.
struct Program {
  std::string path;
  std::vector<std::string> args;
  std::vector<std::string> env;
  Refused refused_rlimits = Refused::kNone;
};

/// Takes on everything of the process but what must wait for exec: working directory, user, groups, capabilities,
/// labels, scheduling; finds the program. The filter is installed here if there is no no_new_privs, since that needs
/// CAP_SYS_ADMIN, or if it has a listener, which the runtime must get by `sync`. Stands inside the container already.
/// Closes all descriptors but stdio, those handed to the program, `sync` and `fifo` (which may be invalid) first: what
/// the container names its program or directory may lead through /proc/self/fd to whatever is open (CVE-2024-21626).
/// Errors: those that dockerd and podman know: `exec: "x": executable file not found in $PATH`.
Result<Program> prepare_launch(const spec::Process& process, const std::optional<SeccompProgram>& seccomp,
                               const SyncSocket& sync, FdRef fifo, unsigned preserved_fds);

/// Becomes the program; returns only an error. What was opened since prepare_launch() is close-on-exec by birth.
Error launch(const Program& program, const spec::Process& process, const std::optional<SeccompProgram>& seccomp);

/// Default action for every signal and none blocked, whatever our caller had.
void reset_signals();

}  // namespace hull::runtime
