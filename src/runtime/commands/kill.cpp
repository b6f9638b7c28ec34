#include <signal.h>
#include <cerrno>

#include "base/sys.h"
#include "linux/cgroup.h"
#include "linux/namespaces.h"
#include "linux/process_attributes.h"
#include "runtime/commands/command.h"

namespace hull::runtime {
namespace {

constexpr Flag kFlags[] = {
    {"all", 'a', Flag::Kind::kSwitch, "send the signal to all processes of the container"},
};

Result<void> kill_all(const Record& record, int signal) {
  const linux::Cgroup cgroup(record.cgroup_paths);
  if (!cgroup.exists()) return {};  // removed with its last process: nobody is left
  TRY(cgroup.kill_all(signal));
  // A frozen process gets no signal, not even SIGKILL on cgroup v1.
  if (signal == SIGKILL) (void)cgroup.set_frozen(linux::Cgroup::Frozen::kNo, std::chrono::seconds(1));
  return {};
}

Result<void> kill_init(const Record& record, int signal) {
  const auto pidfd = TRY(sys::pidfd_open(record.init_pid));
  // Between the look at its state and now the process may have ended and its number have been given on.
  const auto stat = linux::process_stat(record.init_pid);
  if (!stat.ok() || stat->start_time != record.init_start_time) return failed_precondition("container not running");
  TRY(sys::pidfd_send_signal(pidfd, signal));
  if (signal == SIGKILL)
    (void)linux::Cgroup(record.cgroup_paths).set_frozen(linux::Cgroup::Frozen::kNo, std::chrono::seconds(1));
  return {};
}

Result<int> run(Context& context, const Flags& flags) {
  const auto directory = TRY(context.store.look(flags.arguments[0]));
  const Record record = TRY(directory.read_record());
  const int signal = TRY(linux::parse_signal(flags.arguments.size() > 1 ? flags.arguments[1] : "SIGTERM"));
  const bool all = flags.is_set("all");
  if (all && linux::Cgroup(record.cgroup_paths).exists()) {
    TRY(kill_all(record, signal));
    return 0;
  }
  const auto status = TRY(status_of(record, directory));
  // The cgroup was removed with its last process. Without one, init stands for all: its end is theirs.
  if (all && status == spec::ContainerStatus::kStopped) return 0;
  if (status == spec::ContainerStatus::kStopped || status == spec::ContainerStatus::kCreating) {
    // Without a pid namespace of its own, others may outlive init; the signal is for them then.
    if (!(record.details.namespaces & CLONE_NEWPID) && signal == SIGKILL) TRY(kill_all(record, signal));
    return failed_precondition("container not running");
  }
  TRY(kill_init(record, signal));
  return 0;
}

}  // namespace

extern const Command kKillCommand = {
    .name = "kill",
    .arguments = "<container-id> [signal]",
    .help = "send a signal (default: SIGTERM)",
    .flags = kFlags,
    .most_arguments = 2,
    .failure_prefix = "",
    .run = run,
};

}  // namespace hull::runtime
