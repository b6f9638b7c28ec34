#include "runtime/init.h"

#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "base/sys.h"
#include "base/text.h"
#include "linux/process_attributes.h"
#include "runtime/console.h"
#include "runtime/hooks.h"
#include "runtime/kernel_files.h"
#include "runtime/launch.h"
#include "runtime/process_limits.h"
#include "runtime/report.h"
#include "runtime/rootfs.h"
#include "runtime/store.h"
#include "runtime/systemd/scope.h"
#include "runtime/target.h"

namespace hull::runtime {
namespace {

/// Nothing half-made outlives the runtime.
Result<void> die_with_parent() {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1) return Error::from_errno(errno, "set parent death signal");
  return {};
}

Result<void> become_root() {
  if (::setresgid(0, 0, 0) == -1) return Error::from_errno(errno, "setgid 0");
  if (::setresuid(0, 0, 0) == -1) return Error::from_errno(errno, "setuid 0");
  return {};
}

/// Namespaces that the host's root owns are joined before the user namespace takes our rights over them away, those
/// that it owns itself after it. Source: setns(2).
Result<void> join_all(const std::vector<JoinedNamespace>& spaces) {
  std::vector<const JoinedNamespace*> later;
  const JoinedNamespace* user = nullptr;
  for (const JoinedNamespace& space : spaces) {
    if (space.flag == CLONE_NEWUSER) {
      user = &space;
    } else if (auto joined = linux::join_namespaces(space.fd, space.flag); !joined.ok()) {
      if (joined.error().number() != EPERM) return joined;
      later.push_back(&space);
    }
  }
  if (user) {
    TRY(linux::join_namespaces(user->fd, user->flag).context("join user namespace"));
    TRY(become_root());
  }
  for (const JoinedNamespace* space : later)
    TRY(linux::join_namespaces(space->fd, space->flag).context("join namespace"));
  return {};
}

/// A new network namespace has its loopback interface, which is down.
Result<void> raise_loopback() {
  const UniqueFd socket = TRY(sys::socket(AF_INET, SOCK_DGRAM));
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) == -1) return Error::from_errno(errno, "raise loopback interface");
  return {};
}

std::string clock_offsets(const spec::Linux& part) {
  std::string text;
  for (const auto& [clock, offset] : part.time_offsets)
    text += clock + " " + std::to_string(offset.seconds) + " " + std::to_string(offset.nanoseconds) + "\n";
  return text;
}

/// By the first process that the runtime forks: it still is the user that may, which it is not in a user namespace.
Result<void> take_rights_of_runtime(const InitPlan& plan) {
  TRY(set_own_oom_score(*plan.spec->process));
  return plan.cgroup_entry.enter_v1();
}

Result<void> enter_namespaces(const InitPlan& plan) {
  TRY(join_all(plan.joined));
  // Who made the user namespace may look at its processes, which exec does, once they are no more of another user's
  // memory: no process of the container's is there yet that could look as well.
  if (plan.in_user_namespace() && plan.rootless_cgroup) ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  // The cgroup at this moment becomes the root of what the namespace shows.
  if (plan.new_cgroup_namespace) TRY(linux::unshare(CLONE_NEWCGROUP).context("cgroup namespace"));
  for (const spec::Namespace& space : plan.linux_part->namespaces)
    if (space.type == spec::NamespaceType::kTime && space.path.empty())
      TRY(enter_time_namespace(clock_offsets(*plan.linux_part)).context("time namespace"));
  if (plan.new_namespaces & CLONE_NEWNET) TRY(raise_loopback());
  return {};
}

Result<void> set_names(const InitPlan& plan) {
  const std::string& host = plan.spec->hostname;
  const std::string& domain = plan.spec->domainname;
  if (!host.empty() && ::sethostname(host.data(), host.size()) == -1)
    return Error::from_errno(errno, "set hostname \"" + host + "\"");
  if (!domain.empty() && ::setdomainname(domain.data(), domain.size()) == -1)
    return Error::from_errno(errno, "set domainname \"" + domain + "\"");
  return {};
}

Result<void> run_container_hooks(const InitPlan& plan, std::string_view name, const std::vector<spec::Hook>& hooks,
                                 spec::ContainerStatus status) {
  if (hooks.empty()) return {};
  auto state = runtime_state(*plan.record, status);
  state.pid = ::getpid();
  return run_hooks(name, hooks, state);
}

Result<void> run_create_hooks(const InitPlan& plan) {
  if (!plan.spec->hooks) return {};
  const spec::Hooks& hooks = *plan.spec->hooks;
  if (!hooks.prestart.empty() || !hooks.create_runtime.empty()) {
    TRY(plan.sync.send(Sync::kHooks));
    TRY(plan.sync.expect(Sync::kHooksDone));
  }
  return run_container_hooks(plan, "createContainer", hooks.create_container, spec::ContainerStatus::kCreating);
}

/// The rootfs from its first mount to being "/". The order: a terminal needs the container's devpts, sysctls its
/// namespaces, hooks see host and container; nothing may be written to the rootfs once it is read-only.
Result<void> build_rootfs(InitPlan& plan) {
  const RootDir root = TRY(attach_rootfs(plan));
  TRY(mount_all(plan, root));
  TRY(make_devices(plan, root));
  TRY(open_or_make(root, plan.spec->process->cwd, TargetKind::kDirectory).context("make cwd"));
  std::optional<Console> console;
  if (plan.spec->process->terminal) {
    console = TRY(open_console(root));
    TRY(mount_console(root, console->slave));
  }
  TRY(set_names(plan));
  TRY(write_sysctls(plan.linux_part->sysctl));
  TRY(run_create_hooks(plan));
  TRY(protect_paths(plan, root));
  TRY(enter_rootfs(plan, root));
  if (console) TRY(take_console(std::move(*console), plan.console_socket, *plan.spec->process));
  return {};
}

/// While it waits, and that may be long, it keeps the FIFO alone of all that it was given.
Result<void> wait_for_start(const InitPlan& plan) {
  if (!plan.fifo.valid()) return {};  // the runtime's word was the start already
  char byte = 0;
  const size_t size = TRY(sys::read(plan.fifo, std::span(&byte, 1)).context("wait for start"));
  return size == 1 ? Result<void>() : data_loss("wait for start: the FIFO was closed");
}

/// Returns an error only; `told` says whether the runtime still listens for it.
Error run_init(InitPlan& plan, bool& told) {
  const auto prepare = [&]() -> Result<Program> {
    TRY(die_with_parent());
    reset_signals();
    ::umask(0);
    ::setsid();
    if (!plan.staged) TRY(take_rights_of_runtime(plan));
    TRY(enter_namespaces(plan));
    if (plan.new_keyring) TRY(join_keyring(plan.record->id, plan.spec->process->selinux_label));
    TRY(build_rootfs(plan));
    if (const auto& personality = plan.linux_part->personality) TRY(linux::set_personality(personality->domain));
    if (const auto& policy = plan.linux_part->memory_policy)
      TRY(linux::set_memory_policy({policy->mode, policy->nodes, policy->flags}));
    return prepare_launch(*plan.spec->process, plan.seccomp, plan.sync, plan.fifo, plan.preserved_fds);
  };
  const auto finish = [&](const Program& program) -> Result<void> {
    TRY(plan.sync.send(Sync::kReady, to_message(program.refused_rlimits)));
    TRY(plan.sync.expect(Sync::kProceed));
    ::prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    plan.sync.close();
    told = false;
    TRY(wait_for_start(plan));
    if (!plan.spec->hooks) return {};
    return run_container_hooks(plan, "startContainer", plan.spec->hooks->start_container,
                               spec::ContainerStatus::kRunning);
  };
  auto program = prepare();
  if (!program.ok()) return program.error();
  if (auto finished = finish(*program); !finished.ok()) return finished.error();
  return launch(*program, *plan.spec->process, plan.seccomp);
}

void close_runtime_only(InitPlan& plan) {
  for (const int fd : plan.runtime_only) ::close(fd);
  plan.runtime_only.clear();
}

[[noreturn]] void init_main(InitPlan& plan) {
  close_runtime_only(plan);
  bool told = true;
  const std::string problem = go_spelling(run_init(plan, told));
  if (told) {
    (void)plan.sync.send(Sync::kFailed, problem);
  } else {
    (void)sys::write_all(FdRef(STDERR_FILENO), problem + "\n");
  }
  ::_exit(1);
}

/// Whether the runtime must do something to it before it makes the other namespaces.
bool needs_runtime(const InitPlan& plan) { return plan.new_user_namespace() || plan.attached_by_systemd(); }

bool needs_stage(const InitPlan& plan) {
  for (const JoinedNamespace& space : plan.joined)
    if (space.flag == CLONE_NEWPID || space.flag == CLONE_NEWUSER) return true;
  return needs_runtime(plan);
}

/// The other namespaces are made by its mapped root, so that what the kernel puts into them belongs to that root.
Result<void> enter_user_namespace(InitPlan& plan) {
  const bool mapped = plan.new_user_namespace();
  if (mapped) TRY(linux::unshare(CLONE_NEWUSER).context("user namespace"));
  plan.new_namespaces &= ~uint64_t{CLONE_NEWUSER};
  TRY(plan.sync.send(Sync::kMapMe));
  TRY(plan.sync.expect(Sync::kMapped));
  return mapped ? become_root() : Result<void>();
}

/// The process in between: joins what only a child can get out of, forks init as its own sibling, and ends.
[[noreturn]] void stage_main(InitPlan& plan) {
  close_runtime_only(plan);
  const auto run = [&]() -> Result<void> {
    TRY(die_with_parent());
    TRY(take_rights_of_runtime(plan));
    plan.staged = true;
    TRY(join_all(plan.joined));
    plan.joined.clear();
    if (needs_runtime(plan)) TRY(enter_user_namespace(plan));
    Gate gate = TRY(Gate::make());
    const linux::Child init = TRY(linux::fork_into(plan.new_namespaces | CLONE_PARENT));
    if (init.pid == 0) {
      gate.pass();
      init_main(plan);
    }
    return plan.sync.send(Sync::kPid, std::to_string(init.pid));
  };
  const auto result = run();
  if (!result.ok()) (void)plan.sync.send(Sync::kFailed, go_spelling(result.error()));
  ::_exit(result.ok() ? 0 : 1);
}

Result<linux::Child> start_staged(InitPlan& plan, const SyncSocket& runtime_end) {
  const linux::Child stage =
      TRY(linux::fork_into(0, plan.attached_by_systemd() ? FdRef(-1) : plan.cgroup_entry.unified()));
  if (stage.pid == 0) stage_main(plan);
  const auto talk = [&]() -> Result<std::string> {
    if (needs_runtime(plan)) {
      TRY(runtime_end.expect(Sync::kMapMe));
      const RecordDetails& details = plan.record->details;
      // Between our cgroup and its may lie one in which the user may do nothing; systemd may.
      if (plan.attached_by_systemd())
        TRY(systemd::attach_process(systemd::Manager::kUser, details.systemd_unit, stage.pid));
      if (plan.new_user_namespace())
        TRY(linux::map_ids(stage.pid, id_ranges(plan.linux_part->uid_mappings),
                           id_ranges(plan.linux_part->gid_mappings)));
      TRY(runtime_end.send(Sync::kMapped));
    }
    return runtime_end.expect(Sync::kPid);
  };
  auto told = talk();
  if (!told.ok()) (void)sys::pidfd_send_signal(stage.pidfd, SIGKILL);
  (void)sys::waitpid(stage.pid, 0);
  const auto pid = parse_integer<pid_t>(TRY(std::move(told)));
  if (!pid) return internal_error("pid of init");
  UniqueFd pidfd = TRY(sys::pidfd_open(*pid));
  return linux::Child{*pid, std::move(pidfd)};
}

}  // namespace

Result<linux::Child> start_init(InitPlan& plan, const SyncSocket& runtime_end) {
  if (needs_stage(plan)) return start_staged(plan, runtime_end);
  linux::Child child = TRY(linux::fork_into(plan.new_namespaces, plan.cgroup_entry.unified()));
  if (child.pid == 0) init_main(plan);
  return child;
}

std::vector<linux::IdRange> id_ranges(const std::vector<spec::IdMapping>& mappings) {
  std::vector<linux::IdRange> list;
  for (const spec::IdMapping& mapping : mappings) list.push_back({mapping.container_id, mapping.host_id, mapping.size});
  return list;
}

}  // namespace hull::runtime
