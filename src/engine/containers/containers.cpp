#include "engine/containers/containers.h"

#include "base/files.h"
#include "base/log.h"
#include "engine/containers/names.h"
#include "engine/containers/oci/resources.h"
#include "engine/containers/top.h"
#include "engine/containers/validate.h"
#include "engine/containers/views.h"
#include "spec/runtime/spec.h"

namespace hull::engine {
namespace {

constexpr std::chrono::minutes kRemovePatience{1};

/// What the request sets replaces what was; zero leaves it.
template <class T>
void replace_if_set(T& old, const T& wanted) {
  if (!json::is_empty(wanted)) old = wanted;
}

Result<void> check_memory_update(const api::Resources& old, const api::Resources& wanted) {
  if (wanted.memory > 0 && wanted.memory_swap == 0 && old.memory_swap > 0 && wanted.memory > old.memory_swap)
    return conflict(
        "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time");
  return {};
}

void apply_update(api::Resources& resources, const api::Resources& wanted) {
  replace_if_set(resources.blkio_weight, wanted.blkio_weight);
  replace_if_set(resources.cpu_shares, wanted.cpu_shares);
  replace_if_set(resources.cpu_period, wanted.cpu_period);
  replace_if_set(resources.cpu_quota, wanted.cpu_quota);
  replace_if_set(resources.nano_cpus, wanted.nano_cpus);
  replace_if_set(resources.cpu_realtime_period, wanted.cpu_realtime_period);
  replace_if_set(resources.cpu_realtime_runtime, wanted.cpu_realtime_runtime);
  replace_if_set(resources.cpuset_cpus, wanted.cpuset_cpus);
  replace_if_set(resources.cpuset_mems, wanted.cpuset_mems);
  replace_if_set(resources.memory, wanted.memory);
  replace_if_set(resources.memory_swap, wanted.memory_swap);
  replace_if_set(resources.memory_reservation, wanted.memory_reservation);
  if (wanted.pids_limit) resources.pids_limit = wanted.pids_limit;
}

}  // namespace

Result<std::unique_ptr<Containers>> Containers::open(ContainerSettings settings, ContainerServices services) {
  TRY(make_directories(settings.data_root + "/containers", 0710));
  TRY(make_directories(settings.exec_root + "/fifo", 0711));
  auto store = TRY(RecordStore::open(settings.data_root + "/containers.db"));
  std::unique_ptr<Containers> containers(new Containers(std::move(settings), services, std::move(store)));
  TRY(containers->load());
  TRY(containers->start());
  return containers;
}

Result<void> Containers::load() {
  auto loaded = TRY(registry_.store().load());
  for (const auto& damaged : loaded.damaged)
    logging::error("load container", {{"container", damaged.id}, {"error", damaged.problem}});
  for (ContainerRecord& record : loaded.records) {
    // A removal that a crash cut short is shown as it stands, and can be asked for again.
    if (record.state.phase == Phase::kRemoving) record.state.phase = Phase::kDead;
    for (const MountPlan& plan : record.mounts)
      if (plan.kind == MountKind::kVolume) registry_.services().volumes.hold(plan.volume, record.id);
    TRY(registry_.index().reserve(record.name, record.id));
    registry_.index().add(std::make_shared<Container>(std::make_shared<const ContainerRecord>(std::move(record)),
                                                      stdio::Hub::create(registry_.services().pump)));
  }
  sweep_sandboxes();
  // A damaged record keeps its log: a person may want it.
  if (loaded.damaged.empty()) {
    sweep_directories();
    sweep_layers();
  }
  return {};
}

/// Before anything can be started: later, a start that is going on would lose what it has made.
void Containers::sweep_sandboxes() {
  std::vector<std::string> live;
  for (const ContainerPtr& container : registry_.index().all())
    if (is_live(container->record()->state.phase)) live.push_back(container->id());
  registry_.services().sandboxes.sweep(live);
}

/// Of containers that a crash left between the making of their layer and of their record.
void Containers::sweep_layers() {
  const Call call = Call::within(std::chrono::seconds(30));
  RootfsStore& rootfs = registry_.services().rootfs;
  const auto ids = rootfs.list(call);
  if (!ids.ok()) return logging::warn("list containers' layers", {{"error", ids.error().message()}});
  for (const std::string& id : *ids) {
    if (registry_.index().find(id).ok()) continue;
    logging::info("removing the layer of a container that was never made", {{"container", id}});
    if (auto removed = rootfs.remove(call, id); !removed.ok())
      logging::warn("remove layer", {{"container", id}, {"error", removed.error().message()}});
  }
}

/// Of containers that a crash let go without their files.
void Containers::sweep_directories() {
  const std::string directory = registry_.settings().data_root + "/containers";
  for (const std::string& name : list_directory(directory).value_or({})) {
    if (registry_.index().find(name).ok()) continue;
    if (auto removed = remove_tree(directory + "/" + name); !removed.ok())
      logging::warn("remove left-over", {{"path", directory + "/" + name}, {"error", removed.error().message()}});
  }
}

Result<void> Containers::start() {
  lifecycle_ = TRY(Lifecycle::create(registry_));
  remover_ = std::make_unique<Remover>(registry_, *lifecycle_);
  lifecycle_->on_auto_remove([this](const ContainerPtr& container) { auto_remove(container); });
  return {};
}

void Containers::auto_remove(const ContainerPtr& container) {
  auto removed = remover_->remove(Call::within(kRemovePatience), container, {.force = true, .volumes = true});
  if (!removed.ok() && !removed.is(Code::kNotFound))
    logging::warn("remove container that ended",
                  {{"container", container->id()}, {"error", removed.error().message()}});
}

Result<api::ContainerInspect> Containers::inspect(const Call& call, const std::string& reference, bool sizes) {
  const RecordPtr record = TRY(find(reference))->record();
  auto view = inspect_view(*record, registry_);
  if (sizes) {
    view.size_rw = registry_.services().rootfs.size(call, record->id).value_or(0);
    view.size_root_fs = *view.size_rw + registry_.services().rootfs.image_size(call, record->image_chain).value_or(0);
  }
  return view;
}

Result<api::TopResult> Containers::top(const Call& call, const std::string& reference,
                                       const std::string& ps_arguments) {
  const auto container = TRY(find(reference));
  const Phase phase = container->record()->state.phase;
  if (phase == Phase::kRestarting)
    return conflict("container " + container->id() + " is restarting, wait until the container is running");
  if (!is_live(phase)) return conflict("container " + container->id() + " is not running");
  const auto pids = TRY(registry_.services().tasks.pids(call, container->id()));
  auto processes = TRY(list_processes(pids, ps_arguments));
  registry_.announce(*container->record(), "top");
  return processes;
}

Result<void> Containers::rename(const Call& call, const std::string& reference, const std::string& name) {
  if (name.empty()) return invalid_argument("Neither old nor new names may be empty");
  const std::string wanted = TRY(parse_name(name));
  const auto container = TRY(find(reference));
  const auto turn = TRY(container->take_turn_if_exists(call));
  ContainerRecord next = *container->record();
  if (next.name == wanted) return invalid_argument("Renaming a container with the same name as its current name");
  TRY(registry_.index().reserve(wanted, next.id));
  const std::string old = std::exchange(next.name, wanted);
  if (auto changed = registry_.change(*container, next); !changed.ok()) {
    registry_.index().release(wanted, next.id);
    return changed;
  }
  registry_.index().release(old, next.id);
  registry_.services().sandboxes.rename(next.id, next.name);
  registry_.announce(next, "rename", {{"oldName", "/" + old}});
  return {};
}

Result<std::vector<std::string>> Containers::update(const Call& call, const std::string& reference,
                                                    const api::UpdateContainer& update) {
  const auto container = TRY(find(reference));
  TRY(validate_resources(update.resources));
  TRY(validate_restart_policy(update.restart_policy));
  const auto turn = TRY(container->take_turn_if_exists(call));
  ContainerRecord next = *container->record();
  if (next.state.phase == Phase::kRemoving || next.state.phase == Phase::kDead)
    return conflict("Container is marked for removal and cannot be \"update\".");
  if (!update.restart_policy.name.empty()) {
    if (next.host.auto_remove && update.restart_policy.name != "no")
      return invalid_argument("Restart policy cannot be updated because AutoRemove is enabled for the container");
    next.host.restart_policy = update.restart_policy;
  }
  TRY(check_memory_update(next.host.resources, update.resources));
  apply_update(next.host.resources, update.resources);
  TRY(validate_resources(next.host.resources));
  if (is_live(next.state.phase) && !(update.resources == api::Resources())) {
    const auto limits = TRY(oci::resources_of(next.host.resources));
    TRY(registry_.services()
            .tasks.update(call, next.id, spec::format_resources(limits))
            .context("cannot update container " + next.id));
  }
  TRY(registry_.change(*container, next));
  registry_.announce(next, "update");
  return std::vector<std::string>();
}

Result<api::PruneContainersResult> Containers::prune(const Call& call, const ContainerFilters& filters) {
  const auto matcher = TRY(ContainerMatcher::create(registry_, filters, {"label", "label!", "until"}));
  api::PruneContainersResult result;
  for (const ContainerPtr& container : registry_.index().all()) {
    if (call.stop.stop_requested()) break;
    const RecordPtr record = container->record();
    const Phase phase = record->state.phase;
    if (is_live(phase) || phase == Phase::kRestarting || phase == Phase::kRemoving || !matcher.matches(*record))
      continue;
    const int64_t size = registry_.services().rootfs.size(call, record->id).value_or(0);
    if (!remover_->remove(call, container, {}).ok()) continue;
    if (!result.containers_deleted) result.containers_deleted.emplace();
    result.containers_deleted->push_back(record->id);
    result.space_reclaimed += static_cast<uint64_t>(size);
  }
  registry_.services().events.publish(
      {"container", "prune", "", {{"reclaimed", std::to_string(result.space_reclaimed)}}, {}});
  return result;
}

std::vector<ImageUse> Containers::image_uses() const {
  std::vector<ImageUse> uses;
  for (const ContainerPtr& container : registry_.index().all()) {
    const RecordPtr record = container->record();
    uses.push_back({record->id, record->image_id, is_live(record->state.phase)});
  }
  return uses;
}

}  // namespace hull::engine
