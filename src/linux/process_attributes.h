#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

/// What a process carries into exec, and where the C library has no wrapper.
namespace hull::linux {

/// "RLIMIT_NOFILE" to its number. Errors: kInvalidArgument: unknown.
Result<int> rlimit_number(std::string_view name);
Result<void> set_rlimit(int number, uint64_t soft, uint64_t hard);

/// As of sched_setattr(2); names as of the OCI specification ("SCHED_FIFO", "SCHED_FLAG_RESET_ON_FORK").
struct SchedulingPolicy {
  std::string policy;
  int32_t nice = 0;
  uint32_t priority = 0;
  std::vector<std::string> flags;
  uint64_t runtime = 0;
  uint64_t deadline = 0;
  uint64_t period = 0;
};
Result<void> set_scheduler(const SchedulingPolicy& policy);
/// Whether the names are known. Errors: kInvalidArgument.
Result<void> check_scheduler_names(const std::string& policy, const std::vector<std::string>& flags);
Result<void> check_io_class(const std::string& io_class);
/// "IOPRIO_CLASS_BE" and 0-7.
Result<void> set_io_priority(const std::string& io_class, int priority);
/// "LINUX" or "LINUX32".
Result<void> set_personality(const std::string& domain);
/// As of set_mempolicy(2), with the specification's names: "MPOL_BIND", "0-1,3", {"MPOL_F_STATIC_NODES"}.
struct MemoryPolicy {
  std::string mode;
  std::string nodes;
  std::vector<std::string> flags;
};
/// Errors: kInvalidArgument: a name that there is not, or a malformed list.
Result<void> check_memory_policy(const MemoryPolicy& policy);
Result<void> set_memory_policy(const MemoryPolicy& policy);
/// Whether it is a list as "0-3,7" of numbers that the kernel can take.
Result<void> check_cpu_list(const std::string& list);
/// A list as "0-3,7" for this process.
Result<void> set_cpu_affinity(const std::string& list);

/// A new session keyring of that name; a kernel without keyrings is no error.
Result<void> join_session_keyring(const std::string& name);

/// Marks all descriptors from `first` up close-on-exec.
Result<void> close_on_exec_from(unsigned first);

/// When the process was started, in clock ticks since boot: with the pid it names one process for good.
/// Errors: kNotFound: there is none.
struct ProcessStat {
  char state = '?';  ///< 'Z' and 'X' have ended
  uint64_t start_time = 0;
};
Result<ProcessStat> process_stat(pid_t pid);
Result<ProcessStat> parse_process_stat(std::string_view text);

/// Sends descriptors over a unix socket, with some bytes of text.
Result<void> send_descriptor(FdRef socket, FdRef sent, std::string_view text);
/// The descriptor that comes with the next message.
Result<UniqueFd> receive_descriptor(FdRef socket);

/// Signal by number or by name with or without "SIG", ignoring case. Errors: kInvalidArgument.
Result<int> parse_signal(std::string_view text);

}  // namespace hull::linux
