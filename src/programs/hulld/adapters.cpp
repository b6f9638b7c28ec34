#include "programs/hulld/adapters.h"

namespace hull::daemon {

using namespace hull::engine;

ContainerCounts Counts::containers() {
  ContainerCounts counts;
  for (const ContainerPtr& container : containers_.registry().index().all()) {
    switch (container->record()->state.phase) {
      case Phase::kRunning:
      case Phase::kRestarting: ++counts.running; break;
      case Phase::kPaused: ++counts.paused; break;
      case Phase::kCreated:
      case Phase::kExited:
      case Phase::kRemoving:
      case Phase::kDead: ++counts.stopped; break;
    }
  }
  return counts;
}

int64_t Counts::images() {
  const auto totals = images_.totals(Call::within(std::chrono::seconds(5)));
  return totals.ok() ? totals->images : 0;
}

Result<DiskUsage::Images> Usage::images(const Call& call) {
  const auto totals = TRY(images_.totals(call));
  auto images = TRY(images_.list(call, {.all = true, .filters = {}, .shared_size = true}));
  return Images{.layers_size = totals.layers_size, .images = std::move(images)};
}

Result<std::vector<api::ContainerSummary>> Usage::containers(const Call& call) {
  return list_containers(call, containers_.registry(), {.all = true, .sizes = true, .limit = {}, .filters = {}});
}

Result<std::vector<api::Volume>> Usage::volumes(const Call&) { return volumes_.with_usage(); }

Result<api::AuthStatus> RegistryLogin::check(const api::AuthConfig& credentials, const Call& call) {
  TRY(images_.check_credentials(call, credentials));
  return api::AuthStatus{.identity_token = "", .status = "Login Succeeded"};
}

}  // namespace hull::daemon
