#pragma once

#include <sys/types.h>

#include <string_view>

#include "base/result.h"
#include "spec/runtime/process.h"

namespace hull::runtime {

/// Sets the rlimits of this process, while it still has the rights of root.
/// Returns whether some were refused: those are for the runtime, as root outside a user namespace.
enum class Refused { kNone, kSome };
Result<Refused> set_own_rlimits(const spec::Process& process);
/// While it is a process of the runtime's user on the host: later it may not, or can't reach its own files.
Result<void> set_own_oom_score(const spec::Process& process);
/// What the runtime sets on the new process from outside: the rlimits where some were refused.
Result<void> set_process_limits(const spec::Process& process, pid_t pid, Refused refused);
/// How the new process tells (Sync::kReady).
std::string_view to_message(Refused refused);
Refused refused_of_message(std::string_view message);

}  // namespace hull::runtime
