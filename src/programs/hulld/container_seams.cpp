#include "programs/hulld/container_seams.h"

#include "base/log.h"
#include "base/rollback.h"
#include "engine/containers/sandbox_request.h"

namespace hull::daemon {

using namespace hull::engine;

namespace {

/// By the container's turn.
class HeldContainer final : public HeldUser {
 public:
  HeldContainer(Registry& registry, ContainerPtr container, Container::Turn turn)
      : registry_(registry), container_(std::move(container)), turn_(std::move(turn)) {}

  NetworkUser on_network(const std::string& network) const override;
  Result<void> remember_endpoint(const std::string& network_name, const api::EndpointSettings& settings) override {
    ContainerRecord next = *container_->record();
    next.endpoints.insert_or_assign(network_name, settings);
    if (next.sandbox) next.sandbox->endpoints.insert_or_assign(network_name, settings);
    return registry_.change(*container_, std::move(next));
  }
  Result<void> forget_endpoint(const std::string& network_name) override {
    ContainerRecord next = *container_->record();
    next.endpoints.erase(network_name);
    if (next.sandbox) next.sandbox->endpoints.erase(network_name);
    return registry_.change(*container_, std::move(next));
  }

 private:
  Registry& registry_;
  const ContainerPtr container_;
  const Container::Turn turn_;
};

NetworkUser HeldContainer::on_network(const std::string& network) const {
  const RecordPtr record = container_->record();
  NetworkUser user{.id = record->id,
                   .name = record->name,
                   .running = is_live(record->state.phase),
                   .network_mode = record->host.network_mode,
                   .endpoint = {}};
  if (record->sandbox) {
    const auto made = record->sandbox->endpoints.find(network);
    if (made != record->sandbox->endpoints.end()) user.endpoint = made->second;
    return user;
  }
  const auto asked = record->endpoints.find(network);
  const bool by_mode = user.network_mode == network && !is_network_name(network);  // "none", "host"
  if (asked != record->endpoints.end())
    static_cast<api::EndpointConfig&>(user.endpoint.emplace()) = asked->second;
  else if (by_mode)
    user.endpoint.emplace();
  return user;
}

}  // namespace

Result<std::unique_ptr<HeldUser>> ContainerEndpoints::hold(const Call& call, const std::string& reference) {
  auto container = TRY(containers_.find(reference));
  auto turn = TRY(container->take_turn_if_exists(call));
  return std::unique_ptr<HeldUser>(
      std::make_unique<HeldContainer>(containers_.registry(), std::move(container), std::move(turn)));
}

Result<void> ContainerCommits::with_commit_input(const Call& call, const std::string& container, Pause pause,
                                                 const std::function<Result<void>(const CommitInput&)>& work) {
  const auto found = TRY(containers_.find(container));
  const RecordPtr record = found->record();
  const bool pauses = pause == Pause::kYes && record->state.phase == Phase::kRunning;
  if (pauses) TRY(containers_.lifecycle().pause(call, found, Lifecycle::PauseReason::kForAWhile));
  const Defer resume([&] {
    if (!pauses) return;
    // Also where the client went away meanwhile.
    const auto resumed = containers_.lifecycle().unpause(Call::within(std::chrono::seconds(30)), found);
    if (!resumed.ok()) logging::warn("unpause after commit", {{"error", resumed.error().message()}});
  });
  const auto turn = TRY(found->take_turn_if_exists(call));  // a removal waits for it
  return work(
      {.container_id = record->id, .snapshot_key = record->id, .image_id = record->image_id, .config = record->config});
}

}  // namespace hull::daemon
