#include "runtime/create.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/files.h"
#include "base/log.h"
#include "base/rollback.h"
#include "base/sys.h"
#include "base/text.h"
#include "linux/net_device.h"
#include "linux/process_attributes.h"
#include "runtime/checkpoint/stdio.h"
#include "runtime/create_steps.h"
#include "runtime/hooks.h"
#include "runtime/init.h"
#include "runtime/intel_rdt.h"
#include "runtime/pidfd_socket.h"
#include "runtime/process_limits.h"
#include "runtime/rootless.h"
#include "runtime/seccomp_notify.h"
#include "runtime/target.h"
#include "runtime/validate.h"

namespace hull::runtime {
namespace {

struct NamespaceFlag {
  spec::NamespaceType type;
  uint64_t flag;
  const char* file;  ///< below /proc/<pid>/ns
  const char* runc_name;
};
constexpr NamespaceFlag kNamespaceFlags[] = {
    {spec::NamespaceType::kPid, CLONE_NEWPID, "pid", "NEWPID"},
    {spec::NamespaceType::kNetwork, CLONE_NEWNET, "net", "NEWNET"},
    {spec::NamespaceType::kMount, CLONE_NEWNS, "mnt", "NEWNS"},
    {spec::NamespaceType::kIpc, CLONE_NEWIPC, "ipc", "NEWIPC"},
    {spec::NamespaceType::kUts, CLONE_NEWUTS, "uts", "NEWUTS"},
    {spec::NamespaceType::kUser, CLONE_NEWUSER, "user", "NEWUSER"},
    {spec::NamespaceType::kCgroup, CLONE_NEWCGROUP, "cgroup", "NEWCGROUP"},
    {spec::NamespaceType::kTime, CLONE_NEWTIME, "time", "NEWTIME"},
};

}  // namespace

Result<spec::RuntimeSpec> load_spec(const std::string& bundle) {
  auto text = read_file(bundle + "/config.json", 16_MiB);
  if (text.is(Code::kNotFound)) return not_found("JSON specification file config.json not found");
  auto spec = TRY(spec::parse_runtime_spec(TRY(std::move(text))).context("config.json"));
  TRY(validate(spec).context("config.json"));
  return spec;
}

namespace {

/// Which namespaces init is born into and which it joins. The cgroup and time namespaces it makes itself, later.
Result<void> plan_namespaces(InitPlan& plan, Record& record) {
  for (const spec::Namespace& space : plan.linux_part->namespaces) {
    for (const NamespaceFlag& known : kNamespaceFlags) {
      if (known.type != space.type) continue;
      record.details.namespaces |= known.flag;
      if (!space.path.empty()) {
        JoinedNamespace joined{TRY(sys::open(space.path, O_RDONLY)), static_cast<int>(known.flag)};
        plan.joined.push_back(std::move(joined));
      } else if (known.flag == CLONE_NEWCGROUP) {
        plan.new_cgroup_namespace = true;
      } else if (known.flag != CLONE_NEWTIME) {
        plan.new_namespaces |= known.flag;
      }
    }
  }
  return {};
}

}  // namespace

std::string rootfs_of(const spec::RuntimeSpec& spec, const std::string& bundle) {
  return clean_path(spec.root->path[0] == '/' ? spec.root->path : bundle + "/" + spec.root->path);
}

Record first_record(const CreateOptions& options, const spec::RuntimeSpec& spec, const std::string& rootfs) {
  Record record;
  record.id = options.id;
  record.created = now();
  record.config.rootfs = rootfs;
  record.config.readonlyfs = spec.root->readonly;
  record.config.hostname = spec.hostname;
  record.config.labels = {"bundle=" + options.bundle};
  record.config.uid_mappings = spec.linux_part->uid_mappings;
  record.config.gid_mappings = spec.linux_part->gid_mappings;
  if (!spec.process->terminal) record.external_descriptors = describe_stdio();
  record.details.oci_version = spec.oci_version;
  record.details.bundle = options.bundle;
  record.details.annotations = spec.annotations;
  record.details.process = *spec.process;
  record.details.hooks = spec.hooks;
  return record;
}

Result<void> plan_seccomp(InitPlan& plan, Record& record, const Store& store, const ContainerDirectory& directory) {
  if (!plan.linux_part->seccomp) return {};
  plan.seccomp = TRY(seccomp_program(store.root(), *plan.linux_part->seccomp));
  record.details.seccomp_filter = "seccomp.bpf";
  record.details.seccomp_flags = plan.seccomp->flags;
  record.details.seccomp_listener = plan.seccomp->listener_path;
  record.details.seccomp_metadata = plan.seccomp->listener_metadata;
  // For exec, which has no config.json to go by.
  return replace_file(directory.path() + "/" + record.details.seccomp_filter, plan.seccomp->bpf, 0600, Durable::kNo);
}

namespace {

Result<void> plan_console(InitPlan& plan, CreateOptions& options) {
  const bool has_socket = !options.console_socket.empty() || options.console.valid();
  if (!plan.spec->process->terminal) {
    if (has_socket) return invalid_argument("cannot use console socket if runc will not detach or allocate tty");
    return {};
  }
  if (!has_socket) return invalid_argument("cannot allocate tty if runc will detach without setting console socket");
  plan.console_socket =
      options.console.valid() ? std::move(options.console) : TRY(sys::connect_unix(options.console_socket));
  return {};
}

}  // namespace

Result<void> run_runtime_hooks(const spec::RuntimeSpec& spec, const Record& record) {
  if (!spec.hooks) return {};
  const auto state = runtime_state(record, spec::ContainerStatus::kCreating);
  TRY(run_hooks("prestart", spec.hooks->prestart, state));
  return run_hooks("createRuntime", spec.hooks->create_runtime, state);
}

void note_init(Record& record, pid_t pid) {
  record.init_pid = pid;
  const auto stat = linux::process_stat(pid);
  if (stat.ok()) record.init_start_time = stat->start_time;
  for (const NamespaceFlag& known : kNamespaceFlags)
    record.namespace_paths[known.runc_name] = "/proc/" + std::to_string(pid) + "/ns/" + known.file;
}

namespace {

/// Into the network namespace that init was born into, or that it will join.
Result<void> give_net_devices(const spec::Linux& part, pid_t init) {
  if (part.net_devices.empty()) return {};
  std::string path = "/proc/" + std::to_string(init) + "/ns/net";
  for (const spec::Namespace& space : part.namespaces)
    if (space.type == spec::NamespaceType::kNetwork && !space.path.empty()) path = space.path;
  const UniqueFd netns = TRY(sys::open(path, O_RDONLY));
  for (const auto& [name, device] : part.net_devices)
    TRY(linux::move_net_device(name, netns, device.name.empty() ? name : device.name));
  return {};
}

/// The runtime's side of the talk that sync.h draws.
Result<void> accompany(const InitPlan& plan, const SyncSocket& sync, const CreatedContainer& made,
                       const CreateOptions& options) {
  const pid_t pid = made.init.pid;
  TRY(enter_intel_rdt(made.record, pid));
  TRY(give_net_devices(*plan.linux_part, pid));
  const bool has_hooks =
      plan.spec->hooks && (!plan.spec->hooks->prestart.empty() || !plan.spec->hooks->create_runtime.empty());
  if (has_hooks) {
    TRY(sync.expect(Sync::kHooks));
    TRY(run_runtime_hooks(*plan.spec, made.record));
    TRY(sync.send(Sync::kHooksDone));
  }
  if (plan.seccomp) {
    const auto state = runtime_state(made.record, spec::ContainerStatus::kCreating);
    TRY(forward_listener(*plan.seccomp, sync, made.init, state));
  }
  const std::string ready = TRY(sync.expect(Sync::kReady));
  TRY(set_process_limits(*plan.spec->process, pid, refused_of_message(ready)));
  TRY(made.directory.write_record(made.record));
  if (!options.pid_file.empty())
    TRY(replace_file(options.pid_file, std::to_string(pid), 0644, Durable::kNo).context("write pid file"));
  TRY(send_pidfd(options.pidfd_socket, made.init));
  TRY(sync.send(Sync::kProceed));
  return sync.expect_end();
}

/// In runc's words, which clients show: a program that can't be run stands for itself.
Error explain_start(Error error) {
  const bool program = error.message().compare(0, 7, "exec: \"") == 0;
  if (!program) error = std::move(error).context("error during container init");
  return std::move(error).context("unable to start container process");
}

void kill_and_reap(const linux::Child& child) {
  (void)sys::pidfd_send_signal(child.pidfd, SIGKILL);
  (void)sys::waitpid(child.pid, 0);
}

/// Descriptors that a socket-activated container gets (sd_listen_fds(3)), known by the caller's environment. Those of
/// another process are that one's: a daemon's variables reach us through all that it starts.
unsigned listen_fds() {
  const char* pid = ::getenv("LISTEN_PID");
  const char* count = ::getenv("LISTEN_FDS");
  if (!pid || !count || parse_integer<pid_t>(pid) != ::getpid()) return 0;
  return parse_integer<unsigned>(count).value_or(0);
}

Result<void> check_preserved(unsigned count) {
  constexpr unsigned kMost = 1 << 16;
  if (count > kMost) return invalid_argument("preserve-fds: " + std::to_string(count) + " is too many");
  for (unsigned fd = 3; fd < 3 + count; ++fd)
    if (::fcntl(static_cast<int>(fd), F_GETFD) == -1)
      return invalid_argument("unable to stat preserved-fd " + std::to_string(fd - 3) + " (of " +
                              std::to_string(count) + ")");
  return {};
}

}  // namespace

Result<CreatedContainer> create_container(const Store& store, CreateOptions& options, spec::RuntimeSpec& spec) {
  TRY(check_rootless(spec));
  TRY(check_scope(options, spec).context("config.json"));
  const unsigned listening = listen_fds();
  options.preserved_fds += listening;
  TRY(check_preserved(options.preserved_fds));
  if (listening > 0) {
    spec.process->env.push_back("LISTEN_FDS=" + std::to_string(listening));
    spec.process->env.push_back("LISTEN_PID=1");
  }
  const std::string rootfs = rootfs_of(spec, options.bundle);
  CreatedContainer made{TRY(store.create(options.id)), first_record(options, spec, rootfs), {}};
  Rollback undo;
  undo.add([&] { return made.directory.remove(); });

  SyncPair sync = TRY(make_sync_pair());
  InitPlan plan(std::move(sync.init));
  plan.spec = &spec;
  plan.linux_part = &*spec.linux_part;
  plan.record = &made.record;
  plan.rootfs = rootfs;
  plan.pivot = options.pivot;
  plan.new_keyring = options.new_keyring;
  plan.rootless_cgroup = options.rootless_cgroup;
  made.record.rootless = options.rootless_cgroup && ::geteuid() != 0;
  plan.preserved_fds = options.preserved_fds;
  plan.layout = TRY(linux::CgroupLayout::detect());
  TRY(plan_namespaces(plan, made.record));
  TRY(plan_console(plan, options));
  TRY(plan_seccomp(plan, made.record, store, made.directory));
  TRY(plan_mounts(plan));
  if (!plan.in_mount_namespace() && plan.rootfs_mount) {
    made.record.details.rootfs_mount = TRY(linux::mount_id(plan.rootfs_mount->root()));
    undo.add([&] { return unmount_rootfs(made.record); });
  }
  std::optional<systemd::ScopeHolder> holder;
  TRY(make_cgroup(plan, options, made, holder, undo));
  if (const auto& rdt = spec.linux_part->intel_rdt) TRY(make_intel_rdt(*rdt, made.directory, made.record, undo));
  if (!options.start) plan.fifo = TRY(made.directory.make_fifo());

  plan.runtime_only = {made.directory.fd().get(), sync.runtime.fd().get()};
  auto started = start_init(plan, sync.runtime);
  if (!started.ok()) return explain_start(std::move(started).error());
  made.init = std::move(*started);
  undo.add([&]() -> Result<void> { return kill_and_reap(made.init), Result<void>(); });
  plan.sync.close();
  note_init(made.record, made.init.pid);
  if (auto ready = accompany(plan, sync.runtime, made, options); !ready.ok())
    return explain_start(std::move(ready).error());
  undo.commit();
  return made;
}

Result<void> start_container(const ContainerDirectory& directory, const Record& record) {
  using spec::ContainerStatus;
  switch (TRY(status_of(record, directory))) {
    case ContainerStatus::kCreating:
    case ContainerStatus::kStopped: return failed_precondition("cannot start a container that has stopped");
    case ContainerStatus::kPaused: return failed_precondition("cannot start a container in the paused state");
    case ContainerStatus::kRunning: return failed_precondition("cannot start an already running container");
    case ContainerStatus::kCreated: break;
  }
  TRY(directory.signal_fifo());
  auto ran = run_poststart(record);
  if (ran.ok()) return ran;
  if (auto deleted = delete_container(directory, Force::kYes); !deleted.ok())
    logging::warn("delete container", {{"error", deleted.error().message()}});
  return ran;
}

Result<void> run_poststart(const Record& record) {
  if (!record.details.hooks) return {};
  const auto state = runtime_state(record, spec::ContainerStatus::kRunning);
  return run_hooks("poststart", record.details.hooks->poststart, state);
}

}  // namespace hull::runtime
