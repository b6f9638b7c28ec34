#include "programs/hulld/engine.h"

#include "base/log.h"
#include "engine/containerd/connection.h"
#include "engine/containerd/container_records.h"
#include "engine/containerd/snapshots.h"
#include "engine/containerd/task_events.h"
#include "engine/containerd/tasks.h"
#include "engine/containers/containers.h"
#include "engine/events/event_bus.h"
#include "engine/exec/execs.h"
#include "engine/files/container_files.h"
#include "engine/health/health_monitor.h"
#include "engine/images/image_service.h"
#include "engine/networks/networks.h"
#include "engine/routes/containers/container_routes.h"
#include "engine/routes/exec/exec_routes.h"
#include "engine/routes/images/image_routes.h"
#include "engine/routes/networks/network_routes.h"
#include "engine/routes/system/system_routes.h"
#include "engine/routes/volumes/volume_routes.h"
#include "engine/stats/sampler.h"
#include "engine/stdio/pump.h"
#include "engine/system/build_info.h"
#include "engine/system/system.h"
#include "engine/volumes/volumes.h"
#include "programs/hello/hello_image.h"
#include "programs/hulld/adapters.h"
#include "programs/hulld/components.h"
#include "programs/hulld/container_seams.h"
#include "programs/hulld/family_settings.h"
#include "programs/hulld/program_path.h"

namespace hull::daemon {
using namespace hull::engine;

/// The system family and what it borrows from the others.
struct SystemParts {
  SystemParts(SystemSettings settings, const containerd::Connection& supervisor, EventBus& events,
              Containers& containers, ImageService& images, Volumes& volumes)
      : counts(containers, images),
        usage(containers, images, volumes),
        login(images),
        components(supervisor, find_program("hull-runc").value_or(""), find_program("hull-init").value_or("")),
        system(std::move(settings), counts, components, events) {}

  Counts counts;
  Usage usage;
  RegistryLogin login;
  ComponentVersions components;
  System system;
};

/// In the order in which they are made; they go in the reverse one.
struct Engine::Parts {
  Parts(const Config& config, const std::string& engine_id, const std::string& supervisor_socket)
      : supervisor({.socket = supervisor_socket, .namespace_name = config.containerd_namespace}),
        tasks(containerd::connect_tasks(supervisor)),
        records(containerd::connect_container_records(supervisor)),
        rootfs(snapshot_rootfs(containerd::Snapshots(supervisor), engine_id)),
        router("Docker/" + std::string(build_info().version) + "-hull (linux)") {}

  Result<void> open_objects(const Config& config);
  Result<void> open_containers(const Config& config);
  void add_routes();
  /// Ends all work in the background, each family before those that it tells of what it does. Repeat calls do nothing.
  void close();

  containerd::Connection supervisor;
  std::unique_ptr<containerd::Tasks> tasks;
  std::unique_ptr<containerd::ContainerRecords> records;
  std::unique_ptr<RootfsStore> rootfs;
  EventBus events;
  std::unique_ptr<stdio::Pump> pump;
  std::unique_ptr<Networks> networks;
  std::unique_ptr<Volumes> volumes;
  std::unique_ptr<ImageService> images;
  std::unique_ptr<Containers> containers;
  std::unique_ptr<ContainerFiles> files;
  std::unique_ptr<StatsSampler> stats;
  std::unique_ptr<Execs> execs;
  std::unique_ptr<HealthMonitor> health;
  std::unique_ptr<ContainerEndpoints> endpoints;
  std::unique_ptr<ContainerCommits> commits;
  std::unique_ptr<SystemParts> system;
  routes::Router router;
  std::unique_ptr<containerd::TaskEvents> task_events;
};

Result<void> Engine::Parts::open_objects(const Config& config) {
  networks = TRY(Networks::open(TRY(network_options(config)), events).context("open networks"));
  volumes = TRY(Volumes::open(config.data_root, events).context("open volumes"));
  images = TRY(ImageService::create(
      supervisor, events,
      {.insecure_registries = config.insecure_registries, .embedded = {{std::string(kHelloName), hello_image()}}}));
  return {};
}

Result<void> Engine::Parts::open_containers(const Config& config) {
  pump = TRY(stdio::Pump::start(2));
  const ContainerServices services{.images = *images,
                                   .sandboxes = *networks,
                                   .volumes = *volumes,
                                   .events = events,
                                   .tasks = *tasks,
                                   .records = *records,
                                   .rootfs = *rootfs,
                                   .pump = *pump};
  containers = TRY(Containers::open(TRY(container_settings(config)), services).context("open containers"));
  files = std::make_unique<ContainerFiles>(containers->registry());
  stats = TRY(StatsSampler::create(containers->registry()));
  execs = std::make_unique<Execs>(Execs::Needs{.containers = containers->registry().index(),
                                               .tasks = *tasks,
                                               .pump = *pump,
                                               .events = events,
                                               .settings = containers->registry().settings()});
  Lifecycle& lifecycle = containers->lifecycle();
  lifecycle.on_exec_exit(
      [this](const containerd::TaskName& name, const containerd::TaskExit& exit) { execs->on_exit(name, exit); });
  lifecycle.on_reconnect([this] { execs->reconcile(); });
  health = TRY(HealthMonitor::create(containers->registry(), *execs));
  lifecycle.on_running([this](const std::string& container) { health->begin(container); });
  lifecycle.on_pause([this](const std::string& container) { health->end(container); });
  lifecycle.on_run_over([this](const std::string& container) {
    health->end(container);
    execs->on_container_exit(container);
  });
  endpoints = std::make_unique<ContainerEndpoints>(*containers);
  commits = std::make_unique<ContainerCommits>(*containers);
  networks->set_users(*endpoints);
  images->set_users(*containers);
  return {};
}

void Engine::Parts::add_routes() {
  router.add(routes::system_routes({system->system, events, system->usage, system->login}));
  router.add(routes::swarm_routes());
  router.add(routes::container_routes(*containers, *files, *stats));
  router.add(routes::exec_routes(*execs));
  router.add(routes::image_routes({*images, *commits, events}));
  router.add(routes::network_routes(*networks));
  router.add(routes::volume_routes(*volumes));
}

void Engine::Parts::close() {
  task_events.reset();
  if (containers) containers->lifecycle().close();
  if (execs) execs->close();
  if (health) health->close();
}

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Engine::~Engine() {
  parts_->close();
  if (!parts_->router.busy()) return;
  // What a handler that ignores its stop token uses is left to it; the process ends anyway.
  logging::warn("requests are still served at the engine's end");
  (void)parts_.release();
}

Result<std::unique_ptr<Engine>> Engine::open(const Config& config, const std::string& engine_id,
                                             const std::string& supervisor_socket) {
  auto parts = std::make_unique<Parts>(config, engine_id, supervisor_socket);
  const auto version = TRY(parts->supervisor.wait_ready(Call::within(std::chrono::seconds(15))));
  logging::info("supervisor answers", {{"socket", supervisor_socket}, {"version", version.version}});
  TRY(parts->open_objects(config));
  TRY(parts->open_containers(config));
  parts->system =
      std::make_unique<SystemParts>(system_settings(config, engine_id, supervisor_socket), parts->supervisor,
                                    parts->events, *parts->containers, *parts->images, *parts->volumes);
  parts->add_routes();
  // What ran before is compared with what the supervisor has as soon as events flow.
  parts->task_events = TRY(containerd::TaskEvents::subscribe(parts->supervisor, parts->containers->lifecycle()));
  return std::unique_ptr<Engine>(new Engine(std::move(parts)));
}

const routes::Router& Engine::router() const { return parts_->router; }

Result<void> Engine::remove_everything() {
  const Call call = Call::within(std::chrono::minutes(2));
  for (const ContainerPtr& container : parts_->containers->registry().index().all()) {
    auto removed = parts_->containers->remover().remove(call, container, {.force = true, .volumes = true});
    // It may have ended and removed itself meanwhile.
    if (!removed.ok() && !removed.is(Code::kNotFound)) return std::move(removed).context("remove " + container->id());
  }
  parts_->networks->sweep({});
  TRY(parts_->networks->prune({}));
  return parts_->networks->shut_down();
}

void Engine::shut_down() {
  parts_->close();
  if (const auto ended = parts_->networks->shut_down(); !ended.ok())
    logging::warn("take networks down", {{"error", ended.error().message()}});
}

}  // namespace hull::daemon
