#include "runtime/exec.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"
#include "linux/cgroup.h"
#include "linux/detached_mount.h"
#include "linux/process_attributes.h"
#include "runtime/console.h"
#include "runtime/intel_rdt.h"
#include "runtime/kernel_files.h"
#include "runtime/launch.h"
#include "runtime/pidfd_socket.h"
#include "runtime/process_limits.h"
#include "runtime/report.h"
#include "runtime/seccomp_notify.h"
#include "runtime/sync.h"
#include "runtime/systemd/scope.h"
#include "runtime/validate.h"

namespace hull::runtime {
namespace {

/// As InitPlan: what the new process inherits.
struct ExecPlan {
  const spec::Process* process = nullptr;
  const Record* record = nullptr;
  UniqueFd container;   ///< a pidfd of init
  UniqueFd root;        ///< init's, which a container without a mount namespace is in by chroot(2) alone
  int namespaces = 0;   ///< that the new process joins itself
  bool staged = false;  ///< as of InitPlan: for an ordinary user, who must be in the user namespace to join any other
  linux::CgroupEntry cgroup_entry{};
  std::optional<SeccompProgram> seccomp{};
  UniqueFd console_socket;
  unsigned preserved_fds = 0;
  std::vector<int> runtime_only{};  ///< as of InitPlan
  SyncSocket sync;
  explicit ExecPlan(SyncSocket end) : sync(std::move(end)) {}
};

/// The pidfd names the process for good, and the start time tells that it is the one on record.
Result<UniqueFd> open_container(const Record& record) {
  UniqueFd pidfd = TRY(sys::pidfd_open(record.init_pid));
  const auto stat = linux::process_stat(record.init_pid);
  if (!stat.ok() || stat->start_time != record.init_start_time)
    return failed_precondition("cannot exec in a stopped container");
  return pidfd;
}

Result<int> namespaces_to_join(const Record& record) {
  uint64_t flags = record.details.namespaces & ~uint64_t{CLONE_NEWPID};
  // A user namespace that we are in can't be entered once more (setns(2)).
  if (flags & CLONE_NEWUSER) {
    const std::string theirs = "/proc/" + std::to_string(record.init_pid) + "/ns/user";
    if (TRY(linux::same_namespace(theirs, "/proc/self/ns/user"))) flags &= ~uint64_t{CLONE_NEWUSER};
  }
  return static_cast<int>(flags);
}

Result<std::optional<SeccompProgram>> load_filter(const ContainerDirectory& directory, const Record& record) {
  if (record.details.seccomp_filter.empty()) return std::optional<SeccompProgram>();
  SeccompProgram program;
  program.bpf = TRY(read_file(directory.fd(), record.details.seccomp_filter, 1_MiB));
  program.flags = record.details.seccomp_flags;
  program.listener_path = record.details.seccomp_listener;
  program.listener_metadata = record.details.seccomp_metadata;
  return std::optional(std::move(program));
}

/// Opened while the process is known to be the one on record: a pid that nobody holds is soon another's.
Result<UniqueFd> open_root(const Record& record, FdRef container) {
  if (record.details.namespaces & CLONE_NEWNS) return UniqueFd();
  UniqueFd root = TRY(sys::open("/proc/" + std::to_string(record.init_pid) + "/root", O_PATH | O_DIRECTORY));
  TRY(sys::pidfd_send_signal(container, 0));
  return root;
}

/// Takes what the runtime's user gives, and becomes a process of the container but for its pid namespace.
Result<void> join_container(ExecPlan& plan) {
  TRY(set_own_oom_score(*plan.process));
  const auto& affinity = plan.process->exec_cpu_affinity;
  if (affinity && !affinity->initial.empty()) TRY(linux::set_cpu_affinity(affinity->initial));
  TRY(plan.cgroup_entry.enter_v1());
  plan.cgroup_entry = {};
  if (affinity && !affinity->final.empty()) TRY(linux::set_cpu_affinity(affinity->final));
  TRY(linux::join_namespaces(plan.container, plan.namespaces).context("join container's namespaces"));
  if (plan.namespaces & CLONE_NEWUSER) {
    if (::setresgid(0, 0, 0) == -1 || ::setresuid(0, 0, 0) == -1) return Error::from_errno(errno, "become root");
  }
  return {};
}

Result<Program> enter(ExecPlan& plan) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1) return Error::from_errno(errno, "set parent death signal");
  reset_signals();
  ::setsid();
  if (!plan.staged) TRY(join_container(plan));
  plan.container.reset();
  if (plan.root.valid()) TRY(linux::change_root(plan.root));
  plan.root.reset();
  TRY(join_keyring(plan.record->id, plan.process->selinux_label));
  if (plan.process->terminal) {
    const RootDir root = TRY(RootDir::open("/"));
    TRY(take_console(TRY(open_console(root)), plan.console_socket, *plan.process));
    plan.console_socket.reset();
  }
  return prepare_launch(*plan.process, plan.seccomp, plan.sync, FdRef(-1), plan.preserved_fds);
}

/// Right after the fork: nothing of the host's state is in the container with it, and it sees the runtime die.
void close_runtime_only(ExecPlan& plan) {
  for (const int fd : plan.runtime_only) ::close(fd);
  plan.runtime_only.clear();
}

[[noreturn]] void exec_main(ExecPlan& plan) {
  close_runtime_only(plan);
  // Other processes of the container can see this one: none may look into it, whatever user they are.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const auto run = [&]() -> Error {
    auto program = enter(plan);
    if (!program.ok()) return program.error();
    if (auto sent = plan.sync.send(Sync::kReady, to_message(program->refused_rlimits)); !sent.ok()) return sent.error();
    if (auto proceed = plan.sync.expect(Sync::kProceed); !proceed.ok()) return proceed.error();
    ::prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    return launch(*program, *plan.process, plan.seccomp);
  };
  (void)plan.sync.send(Sync::kFailed, go_spelling(run()));
  ::_exit(255);
}

[[noreturn]] void stage_main(ExecPlan& plan) {
  close_runtime_only(plan);
  const auto run = [&]() -> Result<void> {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1) return Error::from_errno(errno, "set parent death signal");
    TRY(join_container(plan));
    Gate gate = TRY(Gate::make());
    const linux::Child child = TRY(linux::fork_into(CLONE_PARENT));
    if (child.pid == 0) {
      gate.pass();
      exec_main(plan);
    }
    return plan.sync.send(Sync::kPid, std::to_string(child.pid));
  };
  const auto result = run();
  if (!result.ok()) (void)plan.sync.send(Sync::kFailed, go_spelling(result.error()));
  ::_exit(result.ok() ? 0 : 1);
}

/// Born into the container's cgroup. Where that has cgroups of its own below it, which v2 allows no processes beside
/// then, the container's first process shows where they may be (kernel, cgroup-v2.rst, "No Internal Process").
Result<linux::Child> fork_into_cgroup(const ExecPlan& plan, const ExecOptions& options) {
  auto child = linux::fork_into(0, plan.cgroup_entry.unified());
  const int problem = child.ok() ? 0 : child.error().number();
  // Between our cgroup and the container's may lie one in which an ordinary user may do nothing.
  if (problem == EACCES && (plan.record->rootless || plan.record->details.systemd_user)) return linux::fork_into(0);
  if ((problem != EBUSY && problem != EOPNOTSUPP) || !options.cgroup.empty()) return child;
  const UniqueFd of_init = TRY(linux::open_unified_cgroup_of(plan.record->init_pid));
  return linux::fork_into(0, of_init);
}

Result<linux::Child> start_staged(ExecPlan& plan, const SyncSocket& runtime_end, const ExecOptions& options) {
  plan.staged = true;
  const linux::Child stage = TRY(fork_into_cgroup(plan, options));
  if (stage.pid == 0) stage_main(plan);
  auto told = runtime_end.expect(Sync::kPid);
  if (!told.ok()) (void)sys::pidfd_send_signal(stage.pidfd, SIGKILL);
  (void)sys::waitpid(stage.pid, 0);
  const auto pid = parse_integer<pid_t>(TRY(std::move(told)));
  if (!pid) return internal_error("pid of the new process");
  UniqueFd pidfd = TRY(sys::pidfd_open(*pid));
  return linux::Child{*pid, std::move(pidfd)};
}

Result<linux::Child> start_process(ExecPlan& plan, const SyncSocket& runtime_end, const ExecOptions& options) {
  const bool pid_namespace = plan.record->details.namespaces & CLONE_NEWPID;
  if (::geteuid() != 0 && plan.namespaces & CLONE_NEWUSER) {
    if (pid_namespace) plan.namespaces |= CLONE_NEWPID;
    return start_staged(plan, runtime_end, options);
  }
  // Only children enter a pid namespace; this one is the only child that we will have.
  if (pid_namespace) TRY(linux::join_namespaces(plan.container, CLONE_NEWPID));
  linux::Child child = TRY(fork_into_cgroup(plan, options));
  if (child.pid == 0) exec_main(plan);
  return child;
}

Result<void> accompany(const SyncSocket& sync, const linux::Child& child, const ExecPlan& plan,
                       const ExecOptions& options) {
  TRY(enter_intel_rdt(*plan.record, child.pid));
  if (plan.seccomp)
    TRY(forward_listener(*plan.seccomp, sync, child, runtime_state(*plan.record, spec::ContainerStatus::kRunning)));
  const RecordDetails& details = plan.record->details;
  if (details.systemd_user && options.cgroup.empty())
    TRY(systemd::attach_process(systemd::Manager::kUser, details.systemd_unit, child.pid));
  const std::string ready = TRY(sync.expect(Sync::kReady));
  TRY(set_process_limits(*plan.process, child.pid, refused_of_message(ready)));
  if (!options.pid_file.empty())
    TRY(replace_file(options.pid_file, std::to_string(child.pid), 0644, Durable::kNo).context("write pid file"));
  TRY(send_pidfd(options.pidfd_socket, child));
  TRY(sync.send(Sync::kProceed));
  return sync.expect_end();
}

}  // namespace

Result<Record> check_exec(const ContainerDirectory& directory, const ExecOptions& options) {
  Record record = TRY(directory.read_record());
  const auto status = TRY(status_of(record, directory));
  if (status == spec::ContainerStatus::kStopped || status == spec::ContainerStatus::kCreating)
    return failed_precondition("cannot exec in a stopped container");
  if (status == spec::ContainerStatus::kPaused && !options.ignore_paused)
    return failed_precondition("cannot exec in a paused container (use --ignore-paused to override)");
  return record;
}

Result<linux::Child> start_exec(const ContainerDirectory& directory, const Record& record, const spec::Process& process,
                                ExecOptions& options) {
  TRY(validate_process(process, "process"));
  SyncPair sync = TRY(make_sync_pair());
  ExecPlan plan(std::move(sync.init));
  plan.process = &process;
  plan.record = &record;
  plan.container = TRY(open_container(record));
  plan.root = TRY(open_root(record, plan.container));
  plan.namespaces = TRY(namespaces_to_join(record));
  plan.cgroup_entry = TRY(linux::Cgroup(record.cgroup_paths).open_entry(options.cgroup));
  plan.seccomp = TRY(load_filter(directory, record));
  plan.preserved_fds = options.preserved_fds;
  plan.runtime_only = {directory.fd().get(), sync.runtime.fd().get()};
  plan.console_socket = std::move(options.console);
  if (!options.console_socket.empty()) plan.console_socket = TRY(sys::connect_unix(options.console_socket));
  auto started = start_process(plan, sync.runtime, options);
  if (!started.ok()) return std::move(started).error().context("unable to start container process");
  linux::Child child = std::move(*started);
  plan.sync.close();
  auto ready = accompany(sync.runtime, child, plan, options);
  if (ready.ok()) return child;
  (void)sys::pidfd_send_signal(child.pidfd, SIGKILL);
  (void)sys::waitpid(child.pid, 0);
  return std::move(ready).error().context("unable to start container process");
}

}  // namespace hull::runtime
