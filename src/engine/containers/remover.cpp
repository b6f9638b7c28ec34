#include "engine/containers/remover.h"

#include "base/files.h"
#include "base/log.h"

namespace hull::engine {

Result<void> Remover::remove(const Call& call, const ContainerPtr& container, const RemoveOptions& options) {
  const auto turn = TRY(take_ended(call, container, options));
  ContainerRecord next = *container->record();
  next.state.phase = Phase::kRemoving;
  container->publish(std::make_shared<const ContainerRecord>(next));
  if (auto removed = remove_parts(call, next, options); !removed.ok()) {
    next.state.phase = Phase::kDead;
    registry_.change_state(*container, std::move(next));
    return removed;
  }
  registry_.index().remove(container->id());
  registry_.announce(next, "destroy");
  container->mark_removed();
  container->hub().end_clients();
  return {};
}

/// The turn of a container that does not run. One that is only being started is seen as what it becomes.
Result<Container::Turn> Remover::take_ended(const Call& call, const ContainerPtr& container,
                                            const RemoveOptions& options) {
  constexpr int kMaxRounds = 10;  // somebody may start it again and again
  for (int round = 0; round < kMaxRounds; ++round) {
    {
      auto turn = TRY(container->take_turn(call));
      const RecordPtr record = container->record();
      const Phase phase = record->state.phase;
      if (container->moment().removed) return not_found("No such container: " + container->id());
      if (!is_live(phase) && phase != Phase::kRestarting) return turn;
      if (!options.force)
        return conflict("cannot remove container \"" + record->name + "\": container is " +
                        std::string(json::name_of(phase)) + ": stop the container before removing or force remove");
    }
    TRY(lifecycle_.end(call, container)
            .context("cannot remove container \"" + container->record()->name + "\": could not kill container"));
  }
  return conflict("cannot remove container \"" + container->record()->name + "\": it was started again");
}

/// The record goes after the file system: what a crash leaves half removed is found again and can be removed again.
/// What is left then, log and files, goes in the background, or when the engine starts.
Result<void> Remover::remove_parts(const Call& call, const ContainerRecord& record, const RemoveOptions& options) {
  const auto& services = registry_.services();
  TRY(services.rootfs.remove(call, record.id).context("remove file system of container " + record.id));
  for (const MountPlan& plan : record.mounts) {
    if (plan.kind != MountKind::kVolume) continue;
    services.volumes.release(plan.volume, record.id);
    if (!options.volumes || !plan.anonymous) continue;
    if (auto removed = services.volumes.remove_anonymous(plan.volume); !removed.ok() && !removed.is(Code::kNotFound))
      logging::warn("remove volume", {{"volume", plan.volume}, {"error", removed.error().message()}});
  }
  lifecycle_.runner().unmount_parts(record.id);
  TRY(registry_.store().remove(record.id));
  sweepers_.submit([directory = registry_.directory(record.id)] {
    if (auto removed = remove_tree(directory); !removed.ok())
      logging::warn("remove container directory", {{"path", directory}, {"error", removed.error().message()}});
  });
  return {};
}

}  // namespace hull::engine
