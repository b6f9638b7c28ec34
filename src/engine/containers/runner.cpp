#include "engine/containers/runner.h"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>

#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "engine/containers/health.h"
#include "engine/containers/host_mounts.h"
#include "engine/containers/oci/rootfs_view.h"
#include "engine/containers/oci/spec_builder.h"
#include "engine/containers/sandbox_request.h"
#include "engine/logs/ring.h"

namespace hull::engine {
namespace {

// What a process's children may still write after its end.
constexpr std::chrono::seconds kDrainTime{2};

void log_failure(const char* what, const std::string& id, const Result<void>& result) {
  if (!result.ok() && !result.is(Code::kNotFound))
    logging::warn(what, {{"container", id}, {"error", result.error().message()}});
}

/// Null where it fails: the log goes on without it.
std::unique_ptr<logs::Spool> open_spool(const std::string& directory) {
  auto spool = logs::Spool::open(directory);
  if (spool.ok()) return std::move(spool).value();
  logging::warn("open spool of container output", {{"path", directory}, {"error", spool.error().message()}});
  return nullptr;
}

logs::Source log_source(const ContainerRecord& record) {
  return {.id = record.id,
          .name = record.name,
          .image_name = record.config.image,
          .image_id = record.image_id,
          .command = join(record.command, " "),
          .labels = record.config.labels.value_or(api::StringMap()),
          .env = record.config.env.value_or(std::vector<std::string>())};
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

constexpr std::string_view kCreateStep = "failed to create task for container";
constexpr std::string_view kStartStep = "failed to start task for container";

}  // namespace

StartFailure classify_start_failure(const Error& error) {
  constexpr int kNotFoundExit = 127;
  constexpr int kNotExecutableExit = 126;
  constexpr int kOtherExit = 128;
  const std::string& text = error.message();
  // Only the runtime's words tell what became of the command; others speak of other files.
  if (!text.starts_with(kCreateStep) && !text.starts_with(kStartStep)) return {error, kOtherExit};
  if (contains(text, "executable file not found") || contains(text, "o such file or directory"))
    return {invalid_argument(text), kNotFoundExit};
  if (contains(text, "ermission denied") || contains(text, "xec format error"))
    return {invalid_argument(text), kNotExecutableExit};
  if (contains(text, "ot a directory"))
    return {invalid_argument(text + ": Are you trying to mount a directory onto a file (or vice-versa)? Check if the "
                                    "specified host path exists and is the expected type"),
            kNotFoundExit};
  return {error, kOtherExit};
}

Result<ContainerRecord> Runner::start(const Call& call, Container& container) {
  ContainerRecord next = *container.record();
  Rollback undo;
  TRY(mount_volumes(next, undo));
  next.sandbox = TRY(make_sandbox(next, undo));
  const std::string spec = TRY(make_spec(next, undo));
  const stdio::Fifos fifos = TRY(begin_streams(container, next, undo));
  next.state.pid = TRY(run_task(call, next, fifos, spec, undo));
  undo.commit();
  container.hub().flow();
  if (container.hub().input_closed()) (void)registry_.services().tasks.close_stdin(call, {next.id, ""}).ok();

  next.state.phase = Phase::kRunning;
  next.state.started_at = now();
  next.state.exit_code = 0;
  next.state.error.clear();
  next.state.oom_killed = false;
  if (has_health_check(next.config)) {
    api::Health& health = next.state.health ? *next.state.health : next.state.health.emplace();
    health.status = kHealthStarting;
    health.failing_streak = 0;
  }
  return next;
}

Result<void> Runner::mount_volumes(const ContainerRecord& record, Rollback& undo) const {
  for (const MountPlan& plan : record.mounts) {
    if (plan.kind == MountKind::kVolume) {
      TRY(registry_.services().volumes.mount(plan.volume, record.id));
      undo.add([this, volume = plan.volume, id = record.id]() -> Result<void> {
        registry_.services().volumes.unmount(volume, id);
        return {};
      });
    } else if (plan.kind == MountKind::kBind && plan.create_source && !exists(plan.source)) {
      TRY(make_directories(plan.source, 0755).context("error while creating mount source path '" + plan.source + "'"));
    }
  }
  return {};
}

Result<std::vector<Runner::Linked>> Runner::linked_containers(const ContainerRecord& record) const {
  std::vector<Linked> all;
  for (const std::string& text : record.host.links.value_or(std::vector<std::string>())) {
    Link link = TRY(parse_link(text));
    RecordPtr other = TRY(registry_.index().find(link.container))->record();
    if (!is_live(other->state.phase))
      return conflict("Cannot link to a non running container: /" + other->name + " AS /" + record.name + "/" +
                      link.alias);
    all.push_back({std::move(link), std::move(other)});
  }
  return all;
}

Result<SandboxRequest> Runner::request_of(const ContainerRecord& record) const {
  SandboxRequest request = sandbox_request(record, registry_.directory(record.id));
  for (const Linked& linked : TRY(linked_containers(record)))
    for (std::string& host : link_hosts(linked.link, *linked.other)) request.extra_hosts.push_back(std::move(host));
  if (!request.network_mode.starts_with("container:")) return request;
  const auto other = registry_.index().find(request.network_mode.substr(10));
  if (!other.ok()) return Error(other.error()).as(Code::kInternal).context("joining network namespace of container");
  const RecordPtr joined = (*other)->record();
  if (!is_live(joined->state.phase))
    return conflict("cannot join network namespace of a non running container: container " + joined->name + " is " +
                    std::string(json::name_of(joined->state.phase)));
  request.network_mode = "container:" + joined->id;
  return request;
}

Result<Sandbox> Runner::make_sandbox(const ContainerRecord& record, Rollback& undo) const {
  auto sandbox = TRY(
      registry_.services().sandboxes.create(TRY(request_of(record))).context("failed to set up container networking"));
  undo.add([this, id = record.id] { return registry_.services().sandboxes.remove(id); });
  return sandbox;
}

Result<oci::ResolvedUser> Runner::resolve_user(const ContainerRecord& record, const std::string& user) const {
  const auto view = TRY(oci::RootfsView::open(record.rootfs));
  const auto groups = record.host.group_add.value_or(std::vector<std::string>());
  const auto passwd = TRY(view.read("etc", "passwd"));
  const auto group = TRY(view.read("etc", "group"));
  return oci::resolve_user(user, groups, {passwd.value_or(""), group.value_or("")});
}

std::string Runner::mounts_directory(const std::string& id) const {
  return registry_.settings().exec_root + "/mounts/" + id;
}

/// The plans as the runtime is given them: parts of volumes have paths of their own.
Result<std::vector<MountPlan>> Runner::mount_parts(const ContainerRecord& record, Rollback& undo) const {
  const std::string directory = mounts_directory(record.id);
  TRY(unmount_all(directory));  // of a run that ended while nobody looked
  undo.add([directory] { return unmount_all(directory); });
  std::vector<MountPlan> plans = record.mounts;
  for (MountPlan& plan : plans)
    if (!plan.subpath.empty()) plan.source = TRY(mount_subpath(directory, plan.source, plan.subpath));
  return plans;
}

Result<RecordPtr> Runner::joined_container(const std::string& mode, const char* what) const {
  const auto other = TRY(registry_.index().find(mode.substr(std::string_view("container:").size())));
  RecordPtr record = other->record();
  if (!is_live(record->state.phase))
    return conflict("cannot join " + std::string(what) + " of a non running container: " + other->id());
  return record;
}

/// Where /dev/shm comes from, when it is not the container's alone.
Result<std::string> Runner::find_shared_memory(const ContainerRecord& record, Rollback& undo) const {
  const std::string& mode = record.host.ipc_mode;
  const int64_t size = record.host.shm_size > 0 ? record.host.shm_size : registry_.settings().default_shm_size;
  if (mode == "shareable") {
    undo.add([directory = mounts_directory(record.id)] { return unmount_all(directory); });
    return mount_shared_memory(mounts_directory(record.id), size);
  }
  if (!mode.starts_with("container:")) return std::string();
  const RecordPtr other = TRY(joined_container(mode, "IPC"));
  if (other->host.ipc_mode != "shareable")
    return conflict("cannot join IPC of container " + other->id +
                    ": non-shareable IPC (hint: use IpcMode:shareable for the donor container)");
  return mounts_directory(other->id) + "/shm";
}

Result<std::string> Runner::make_spec(const ContainerRecord& record, Rollback& undo) const {
  const auto plans = TRY(mount_parts(record, undo));
  api::Config config = record.config;
  std::vector<std::string> env;
  for (const Linked& linked : TRY(linked_containers(record)))
    for (std::string& variable : link_variables(linked.link, *linked.other, record.name))
      env.push_back(std::move(variable));
  // The container's own come later: they win.
  if (config.env) env.insert(env.end(), config.env->begin(), config.env->end());
  config.env = std::move(env);
  auto user = TRY(resolve_user(record, record.config.user));
  auto shared_memory = TRY(find_shared_memory(record, undo));
  oci::SpecInput input{.id = record.id,
                       .config = config,
                       .host = record.host,
                       .command = record.command,
                       .mounts = plans,
                       .settings = registry_.settings(),
                       .user = std::move(user),
                       .join = {},
                       .shared_memory = std::move(shared_memory),
                       .files_directory = registry_.directory(record.id)};
  if (!record.sandbox->netns_path.empty()) input.join[spec::NamespaceType::kNetwork] = record.sandbox->netns_path;
  const auto join = [&](spec::NamespaceType type, const std::string& mode, const char* what,
                        const char* name) -> Result<void> {
    if (!mode.starts_with("container:")) return {};
    const RecordPtr other = TRY(joined_container(mode, what));
    input.join[type] = "/proc/" + std::to_string(other->state.pid) + "/ns/" + name;
    return {};
  };
  TRY(join(spec::NamespaceType::kPid, record.host.pid_mode, "PID", "pid"));
  TRY(join(spec::NamespaceType::kIpc, record.host.ipc_mode, "IPC", "ipc"));
  return spec::format_runtime_spec(TRY(oci::build_spec(input)));
}

stdio::Fifos Runner::fifos_of(const ContainerRecord& record) const {
  const std::string directory = registry_.fifo_directory(record.id);
  return {record.config.open_stdin ? directory + "/0" : "", directory + "/1",
          record.config.tty ? "" : directory + "/2"};
}

Result<void> Runner::open_hub(Container& container, const ContainerRecord& record, const stdio::Fifos& fifos) const {
  const auto& given = record.host.log_config;
  const auto options = TRY(logs::parse_options(given));
  std::unique_ptr<logs::Driver> driver;
  if (options.kind == logs::Kind::kNone) {
    driver = std::make_unique<logs::NoDriver>();
  } else {
    const std::string path = registry_.log_path(record);
    TRY(make_directories(path.substr(0, path.rfind('/')), 0710));
    auto file =
        TRY(logs::JsonFile::open(path, options, logs::attributes_of(options, log_source(record)),
                                 options.non_blocking ? nullptr : open_spool(registry_.fifo_directory(record.id))));
    container.set_log_progress(file->progress());
    driver = std::move(file);
    // What may be dropped needs no spool.
    if (options.non_blocking) driver = TRY(logs::Ring::start(std::move(driver), options.max_buffer));
  }
  return container.hub().begin(fifos, std::move(driver));
}

Result<stdio::Fifos> Runner::begin_streams(Container& container, const ContainerRecord& record, Rollback& undo) const {
  const auto fifos = TRY(stdio::make_fifos(registry_.fifo_directory(record.id), "",
                                           record.config.open_stdin ? stdio::Stdin::kYes : stdio::Stdin::kNo,
                                           record.config.tty ? stdio::Terminal::kYes : stdio::Terminal::kNo));
  undo.add([directory = registry_.fifo_directory(record.id)] { return remove_tree(directory); });
  logs::Spool::discard(registry_.fifo_directory(record.id));
  TRY(open_hub(container, record, fifos));
  undo.add([&container]() -> Result<void> {
    container.hub().close();
    container.hub().end_clients();
    container.set_log_progress(nullptr);
    return {};
  });
  return fifos;
}

std::string Runner::runtime_binary(const ContainerRecord& record) const {
  const auto& settings = registry_.settings();
  const auto found =
      settings.runtimes.find(record.host.runtime.empty() ? settings.default_runtime : record.host.runtime);
  return found == settings.runtimes.end() ? std::string() : found->second;
}

Result<int64_t> Runner::run_task(const Call& call, const ContainerRecord& record, const stdio::Fifos& fifos,
                                 const std::string& spec, Rollback& undo) const {
  const auto& services = registry_.services();
  const auto& settings = registry_.settings();
  const containerd::ContainerRecord supervised{
      record.id, {}, record.config.image, settings.supervisor_runtime, spec, settings.snapshotter, record.id};
  auto made = services.records.create(call, supervised);
  if (made.is(Code::kAlreadyExists)) {
    // Of a run that a crash of ours cut short, before it was known or after its end.
    TRY(end_stray_task(call, record.id));
    TRY(services.records.remove(call, record.id));
    made = services.records.create(call, supervised);
  }
  TRY(std::move(made).context("failed to create containerd container"));
  undo.add([this, id = record.id] { return registry_.services().records.remove(Call::within(kDrainTime * 5), id); });
  const std::string binary = runtime_binary(record);
  const containerd::NewTask task{
      record.id, record.rootfs, {fifos.in, fifos.out, fifos.err, record.config.tty}, binary, !binary.empty()};
  // Before the request: one whose answer we did not get may have been carried out.
  undo.add([this, id = record.id] { return end_stray_task(Call::within(kDrainTime * 5), id); });
  TRY(services.tasks.create(call, task).context(kCreateStep));
  return services.tasks.start(call, {record.id, ""}).context(kStartStep);
}

/// Kills it first: a task that runs, or waits for its start, is not removed by every supervisor.
Result<void> Runner::end_stray_task(const Call& call, const std::string& id) const {
  auto& tasks = registry_.services().tasks;
  const auto found = tasks.get(call, {id, ""});
  if (found.is(Code::kNotFound)) return {};
  (void)tasks.kill(call, {id, ""}, SIGKILL, containerd::Target::kAll).ok();
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  for (std::chrono::milliseconds pause(1);; pause = std::min(pause * 2, std::chrono::milliseconds(100))) {
    const auto removed = tasks.remove(call, {id, ""});
    if (removed.ok() || removed.is(Code::kNotFound)) return {};
    // Its end is told by an event that nobody waits for yet, since its container does not run.
    if (!removed.is(Code::kFailedPrecondition) || call.expired()) return removed.error();
    never.wait_for(lock, call.stop, pause, [] { return false; });
    if (call.stop.stop_requested()) return cancelled("end task " + id + ": cancelled");
  }
}

Result<ContainerRecord> Runner::adopt(Container& container) {
  ContainerRecord next = *container.record();
  auto request = request_of(next);
  if (request.ok()) {
    auto sandbox = registry_.services().sandboxes.adopt(*request);
    if (sandbox.ok())
      next.sandbox = std::move(sandbox).value();
    else
      logging::warn("take over sandbox", {{"container", next.id}, {"error", sandbox.error().message()}});
  }
  for (const MountPlan& plan : next.mounts)
    if (plan.kind == MountKind::kVolume) TRY(registry_.services().volumes.mount(plan.volume, next.id));
  TRY(open_hub(container, next, fifos_of(next)));
  container.hub().flow();
  return next;
}

bool Runner::output_is_complete_at_exit(const ContainerRecord& record) const {
  return registry_.settings().supervisor_runtime == "io.containerd.hull.v2" && !record.config.tty;
}

containerd::TaskExit Runner::end_task(const Call& call, Container& container, const containerd::TaskExit& seen) {
  containerd::TaskExit exit = seen;
  auto removed = registry_.services().tasks.remove(call, {container.id(), ""});
  if (removed.ok()) {
    exit = std::move(removed).value();
  } else if (!removed.is(Code::kNotFound)) {
    logging::warn("remove task", {{"container", container.id()}, {"error", removed.error().message()}});
  }
  container.hub().wait_drained(Call::within(kDrainTime));
  container.hub().close();
  container.set_log_progress(nullptr);
  return exit;
}

void Runner::release(const Call& call, const ContainerRecord& record) {
  clear_stray_run(call, record.id);
  for (const MountPlan& plan : record.mounts)
    if (plan.kind == MountKind::kVolume) registry_.services().volumes.unmount(plan.volume, record.id);
}

void Runner::clear_stray_run(const Call& call, const std::string& id) const {
  log_failure("remove containerd container", id, registry_.services().records.remove(call, id));
  log_failure("remove FIFOs", id, remove_tree(registry_.fifo_directory(id)));
  unmount_parts(id);
}

void Runner::unmount_parts(const std::string& id) const {
  log_failure("unmount parts of volumes", id, unmount_all(mounts_directory(id)));
}

void Runner::remove_sandbox(const std::string& container) {
  log_failure("remove sandbox", container, registry_.services().sandboxes.remove(container));
}

}  // namespace hull::engine
