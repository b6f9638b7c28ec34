#include "programs/hulld/container_seams.h"

#include "base/log.h"
#include "base/rollback.h"
#include "engine/containers/sandbox_request.h"

namespace hull::daemon {

using namespace hull::engine;

Result<NetworkUser> ContainerEndpoints::find_network_user(const std::string& container, const std::string& network) {
  const RecordPtr record = TRY(containers_.find(container))->record();
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

Result<void> ContainerEndpoints::change(const std::string& container_id,
                                        const std::function<void(ContainerRecord&)>& edit) {
  const auto container = TRY(containers_.find(container_id));
  // Not for ever: a start that holds the turn may itself be waiting for the networks.
  const auto turn = TRY(container->take_turn_if_exists(Call::within(std::chrono::seconds(10))));
  ContainerRecord next = *container->record();
  edit(next);
  return containers_.registry().change(*container, std::move(next));
}

Result<void> ContainerEndpoints::remember_endpoint(const std::string& container_id, const std::string& network_name,
                                                   const api::EndpointSettings& settings) {
  return change(container_id, [&](ContainerRecord& record) {
    record.endpoints.insert_or_assign(network_name, settings);
    if (record.sandbox) record.sandbox->endpoints.insert_or_assign(network_name, settings);
  });
}

Result<void> ContainerEndpoints::forget_endpoint(const std::string& container_id, const std::string& network_name) {
  return change(container_id, [&](ContainerRecord& record) {
    record.endpoints.erase(network_name);
    if (record.sandbox) record.sandbox->endpoints.erase(network_name);
  });
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
