#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sys.h"
#include "linux/process_attributes.h"
#include "runtime/checkpoint/checkpoint.h"
#include "runtime/checkpoint/criu.h"
#include "runtime/checkpoint/stdio.h"
#include "runtime/create_steps.h"
#include "runtime/intel_rdt.h"
#include "runtime/mount_options.h"
#include "runtime/target.h"

namespace hull::runtime {
namespace {

constexpr const char* kLog = "restore.log";
constexpr int kFirstExtra = 4;  // stdio and the socket stand before

/// All that one restore holds.
struct Restoring {
  const spec::RuntimeSpec& spec;
  const RestoreOptions& options;
  Record& record;
  const ContainerDirectory& directory;
  InitPlan& plan;
  CriuOptions told{};
  std::vector<UniqueFd> spaces{};
  CriuStart start{};
  UniqueFd console{};
  pid_t init = 0;
  std::string criu_root() const { return directory.path() + "/criu-root"; }
};

bool is_bind(const spec::Mount& mount) {
  return mount.type == "bind" || parse_mount_options(mount.options).bind != MountOptions::Bind::kNo;
}

std::string source_of(const spec::Mount& mount, const std::string& bundle) {
  return mount.source.substr(0, 1) == "/" ? mount.source : bundle + "/" + mount.source;
}

bool below_any(const std::string& path, const std::set<std::string>& places) {
  for (const std::string& place : places)
    if (path.size() > place.size() + 1 && path.compare(0, place.size() + 1, place + "/") == 0) return true;
  return false;
}

Result<void> keep_mounts_here() {
  if (::mount("", "/", "", MS_SLAVE | MS_REC, nullptr) == -1) return Error::from_errno(errno, "set propagation of /");
  return {};
}

/// As at creation, what is missing of the rootfs to mount on is made; criu makes none. A tmpfs comes with its content
/// out of the images. Binds are mounted, so that a place inside one is made in its source.
Result<void> make_mount_points(const Restoring& work) {
  TRY(keep_mounts_here());
  const RootDir root = TRY(RootDir::open(work.record.config.rootfs));
  std::set<std::string> from_images;
  for (const spec::Mount& mount : work.spec.mounts)
    if (mount.type == "tmpfs") from_images.insert(clean_path(mount.destination));
  for (const spec::Mount& mount : work.spec.mounts) {
    const std::string place = clean_path(mount.destination);
    const bool made_by_kernel = mount.type == "cgroup" || mount.type == "cgroup2";
    if (below_any(place, from_images) || made_by_kernel) continue;
    if (!is_bind(mount)) {
      TRY(open_or_make(root, place, TargetKind::kDirectory).context("mount point " + place));
      continue;
    }
    auto source = TRY(linux::DetachedMount::clone(source_of(mount, work.record.bundle()), linux::Recursive::kYes));
    const bool directory = S_ISDIR(TRY(sys::fstat(source.root())).st_mode);
    const auto target = TRY(open_or_make(root, place, directory ? TargetKind::kDirectory : TargetKind::kFile)
                                .context("mount point " + place));
    TRY(std::move(source).attach(target));
  }
  return {};
}

/// A mount namespace of this process's own for as long as criu works: what is mounted there goes with it, however the
/// runtime ends. criu reaches our directories through /proc/<pid>/fd, so it must stand in the same one as we do.
class PrivateMounts {
 public:
  static Result<PrivateMounts> enter() {
    PrivateMounts mounts;
    mounts.host_ = TRY(sys::open("/proc/self/ns/mnt", O_RDONLY));
    mounts.here_ = TRY(sys::open(".", O_PATH | O_DIRECTORY));
    TRY(linux::unshare(CLONE_NEWNS).context("mount namespace"));
    mounts.active_ = true;
    TRY(keep_mounts_here());
    return mounts;
  }
  PrivateMounts(PrivateMounts&& other) noexcept
      : host_(std::move(other.host_)), here_(std::move(other.here_)), active_(std::exchange(other.active_, false)) {}
  PrivateMounts& operator=(PrivateMounts&&) = delete;
  ~PrivateMounts() {
    if (!active_) return;
    if (auto left = leave(); !left.ok()) logging::warn("leave mount namespace", {{"error", left.error().message()}});
  }
  /// Back to the host's mounts and the directory where we were.
  Result<void> leave() const {
    TRY(linux::join_namespaces(host_, CLONE_NEWNS));
    if (::fchdir(here_.get()) == -1) return Error::from_errno(errno, "fchdir");
    return {};
  }

 private:
  PrivateMounts() = default;
  UniqueFd host_;
  UniqueFd here_;
  bool active_ = false;
};

/// criu wants a root that is a mount point, none above its parent.
Result<void> mount_criu_root(const Restoring& work) {
  const auto place = TRY(sys::open(work.criu_root(), O_PATH | O_DIRECTORY));
  TRY(TRY(linux::DetachedMount::clone(work.record.config.rootfs, linux::Recursive::kYes)).attach(place));
  return {};
}

Result<void> name_namespaces(Restoring& work) {
  for (const spec::Namespace& space : work.spec.linux_part->namespaces) {
    if (space.path.empty()) continue;
    const bool network = space.type == spec::NamespaceType::kNetwork;
    if (network || space.type == spec::NamespaceType::kPid) {
      auto opened = sys::open(space.path, O_RDONLY);
      if (!opened.ok()) return not_found("Requested network namespace " + space.path + " does not exist");
      const int number = kFirstExtra + static_cast<int>(work.spaces.size());
      work.told.inherit_fd.push_back({network ? "extRootNetNS" : "extRootPidNS", number});
      work.spaces.push_back(std::move(*opened));
      work.start.descriptors.emplace_back(number, work.spaces.back());
      continue;
    }
    if (space.type == spec::NamespaceType::kCgroup)
      return unimplemented("Do not know how to handle namespace NEWCGROUP");
    std::string kind;
    switch (space.type) {
      case spec::NamespaceType::kMount: kind = "mnt"; break;
      default: kind = std::string(json::name_of(space.type)); break;
    }
    work.told.join_ns.push_back({kind, space.path});
  }
  return {};
}

void name_mounts(Restoring& work) {
  const spec::Linux& part = *work.spec.linux_part;
  auto& mounts = work.told.ext_mnt;
  for (const spec::Mount& mount : work.spec.mounts) {
    const std::string place = clean_path(mount.destination);
    if (is_bind(mount)) mounts.push_back({place, source_of(mount, work.record.bundle())});
    const bool bound_cgroups = mount.type == "cgroup" && !(work.record.details.namespaces & CLONE_NEWCGROUP) &&
                               work.plan.layout.mode != linux::CgroupMode::kV2;
    if (!bound_cgroups) continue;
    for (const auto& hierarchy : work.plan.layout.hierarchies)
      mounts.push_back({clean_path(place + "/" + split_path(hierarchy.mount_point).name),
                        work.record.cgroup_paths[hierarchy.controllers.front()]});
  }
  if (!part.masked_paths.empty()) mounts.push_back({"/dev/null", "/dev/null"});
  for (const spec::Device& device : part.devices) mounts.push_back({device.path, device.path});
}

/// The stdio of now takes the place of what was behind stdio at the checkpoint.
Result<void> hand_in_stdio(Restoring& work) {
  const std::string path = work.options.criu.image_path + "/" + std::string(kDescriptorsFile);
  const auto names = TRY(json::parse<std::vector<std::string>>(TRY(read_file(path, 64_KiB))).context(path));
  std::set<std::string> done;
  for (size_t fd = 0; fd < names.size() && fd <= 2; ++fd) {
    const bool outside = names[fd].find("pipe:") != std::string::npos || is_host_file(names[fd]);
    if (outside && done.insert(names[fd]).second) work.told.inherit_fd.push_back({names[fd], static_cast<int>(fd)});
  }
  return {};
}

/// Where criu has been put is where the container belongs.
Result<void> name_cgroups(Restoring& work, pid_t criu) {
  const std::string text = TRY(read_file("/proc/" + std::to_string(criu) + "/cgroup"));
  for (const auto& [controller, path] : linux::parse_proc_cgroup(text)) work.told.cg_root.push_back({controller, path});
  return {};
}

Result<void> on_restored(Restoring& work, pid_t pid) {
  work.init = pid;
  note_init(work.record, pid);
  work.record.created = now();
  // criu puts processes into a time namespace, so that their clocks go on where they stood.
  const std::string time = "/proc/" + std::to_string(pid) + "/ns/time";
  if (const auto same = linux::same_namespace(time, "/proc/self/ns/time"); same.ok() && !*same)
    work.record.details.namespaces |= CLONE_NEWTIME;
  return work.directory.write_record(work.record);
}

Result<void> on_notice(Restoring& work, const PrivateMounts& mounts, const CriuResponse& notice, UniqueFd descriptor) {
  if (notice.script == "setup-namespaces") {
    Record starting = work.record;
    starting.init_pid = notice.pid;
    // Hooks see the host as it is.
    return run_apart(0, [&]() -> Result<void> {
      TRY(mounts.leave());
      return run_runtime_hooks(work.spec, starting);
    });
  }
  if (notice.script == "post-restore") return on_restored(work, notice.pid);
  if (notice.script == "orphan-pts-master" && descriptor.valid()) {
    if (!work.console.valid()) return failed_precondition("restore: a terminal, but no console socket for it");
    return linux::send_descriptor(work.console, descriptor, "/dev/ptmx");
  }
  return {};
}

void take_namespaces(const spec::Linux& part, Record& record) {
  constexpr std::pair<spec::NamespaceType, uint64_t> kFlags[] = {
      {spec::NamespaceType::kPid, CLONE_NEWPID},   {spec::NamespaceType::kNetwork, CLONE_NEWNET},
      {spec::NamespaceType::kMount, CLONE_NEWNS},  {spec::NamespaceType::kIpc, CLONE_NEWIPC},
      {spec::NamespaceType::kUts, CLONE_NEWUTS},   {spec::NamespaceType::kUser, CLONE_NEWUSER},
      {spec::NamespaceType::kTime, CLONE_NEWTIME}, {spec::NamespaceType::kCgroup, CLONE_NEWCGROUP},
  };
  for (const spec::Namespace& space : part.namespaces)
    for (const auto& [type, flag] : kFlags)
      if (space.type == type) record.details.namespaces |= flag;
}

Result<void> take_console_socket(Restoring& work, CreateOptions& create) {
  const bool given = create.console.valid() || !create.console_socket.empty();
  if (!work.spec.process->terminal) {
    if (given) return invalid_argument("cannot use console socket if runc will not detach or allocate tty");
    return {};
  }
  if (!given) return invalid_argument("cannot allocate tty if runc will detach without setting console socket");
  work.console = create.console.valid() ? std::move(create.console) : TRY(sys::connect_unix(create.console_socket));
  return {};
}

Result<void> run_criu(Restoring& work, const PrivateMounts& mounts) {
  work.start.cgroup = work.plan.cgroup_entry.unified();
  work.start.own_stdio = true;
  work.start.prepare = [&] { return work.plan.cgroup_entry.enter_v1(); };
  Criu criu = TRY(Criu::start(work.start));
  TRY(name_cgroups(work, criu.pid()));
  // What criu forks is in its group.
  TRY(enter_intel_rdt(work.record, criu.pid()));
  const auto notified = [&](const CriuResponse& notice, UniqueFd fd) {
    return on_notice(work, mounts, notice, std::move(fd));
  };
  const CriuResponse done = TRY(criu.call(encode_request(CriuType::kRestore, work.told), notified));
  if (work.init == 0) TRY(on_restored(work, done.pid));
  return criu.finish(Criu::Ending::kMustSucceed);
}

Result<void> restore_processes(Restoring& work, int version) {
  const RestoreOptions& options = work.options;
  TRY(run_apart(CLONE_NEWNS, [&] { return make_mount_points(work); }));
  TRY(sys::mkdir(work.criu_root(), 0755));
  const PrivateMounts mounts = TRY(PrivateMounts::enter());
  TRY(mount_criu_root(work));
  const UniqueFd images = TRY(sys::open(options.criu.image_path, O_RDONLY | O_DIRECTORY));
  const UniqueFd logs = TRY(open_work_directory(options.criu));
  work.told = shared_options(options.criu, images, logs);
  work.told.log_file = kLog;
  work.told.evasive_devices = true;
  work.told.rst_sibling = true;
  work.told.root = work.criu_root();
  work.told.config_file = criu_config_file(work.spec.annotations);
  constexpr int kLabels = 31600;
  if (!options.lsm_profile.empty() && version < kLabels)
    return failed_precondition("--lsm-profile requires at least CRIU 3.16");
  if (!options.lsm_mount_context.empty() && version < kLabels)
    return failed_precondition("--lsm-mount-context requires at least CRIU 3.16");
  work.told.lsm_profile = options.lsm_profile;
  work.told.lsm_mount_context = options.lsm_mount_context;
  TRY(name_namespaces(work));
  name_mounts(work);
  TRY(hand_in_stdio(work));
  auto restored = run_criu(work, mounts);
  if (!restored.ok()) quote_criu_log(options.criu, kLog);
  return restored;
}

}  // namespace

Result<CreatedContainer> restore_container(const Store& store, RestoreOptions& options) {
  const spec::RuntimeSpec spec = TRY(load_spec(options.create.bundle));
  TRY(check_scope(options.create, spec).context("config.json"));
  const int version = TRY(Criu::version());
  TRY(require_criu(version, 30000));
  const std::string rootfs = rootfs_of(spec, options.create.bundle);
  CreatedContainer made{TRY(store.create(options.create.id)), first_record(options.create, spec, rootfs), {}};
  Rollback undo;
  undo.add([&] { return made.directory.remove(); });
  InitPlan plan{SyncSocket(UniqueFd())};
  plan.spec = &spec;
  plan.linux_part = &*spec.linux_part;
  plan.record = &made.record;
  plan.layout = TRY(linux::CgroupLayout::detect());
  take_namespaces(*spec.linux_part, made.record);
  Restoring work{spec, options, made.record, made.directory, plan};
  TRY(take_console_socket(work, options.create));
  TRY(plan_seccomp(plan, made.record, store, made.directory));
  std::optional<systemd::ScopeHolder> holder;
  TRY(make_cgroup(plan, options.create, made, holder, undo));
  if (const auto& rdt = spec.linux_part->intel_rdt) TRY(make_intel_rdt(*rdt, made.directory, made.record, undo));
  undo.add([&]() -> Result<void> {
    if (work.init == 0) return {};
    (void)sys::kill(work.init, SIGKILL);
    (void)sys::waitpid(work.init, 0);
    return {};
  });
  TRY(restore_processes(work, version));
  TRY(sys::rmdir(work.criu_root()));
  made.init.pid = work.init;
  made.init.pidfd = TRY(sys::pidfd_open(work.init));
  if (!options.create.pid_file.empty())
    TRY(replace_file(options.create.pid_file, std::to_string(work.init), 0644, Durable::kNo).context("write pid file"));
  undo.commit();
  return made;
}

}  // namespace hull::runtime
