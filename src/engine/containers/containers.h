#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/container/create.h"
#include "api/container/inspect.h"
#include "api/container/operations.h"
#include "base/call.h"
#include "base/result.h"
#include "engine/containers/creator.h"
#include "engine/containers/lifecycle.h"
#include "engine/containers/list.h"
#include "engine/containers/registry.h"
#include "engine/containers/remover.h"
#include "engine/images/seams.h"

namespace hull::engine {

/// The container family: what routes and other families hold. Thread-safe.
class Containers final : public ImageUsers {
 public:
  /// Loads what there is; what ran before is taken over once the supervisor answers (Lifecycle::on_connected()).
  static Result<std::unique_ptr<Containers>> open(ContainerSettings settings, ContainerServices services);

  Result<ContainerPtr> find(const std::string& reference) { return registry_.index().find(reference); }

  Registry& registry() { return registry_; }
  Lifecycle& lifecycle() { return *lifecycle_; }
  Creator& creator() { return creator_; }
  Remover& remover() { return *remover_; }

  Result<api::ContainerInspect> inspect(const Call& call, const std::string& reference, bool sizes);
  /// Errors: kConflict where it does not run.
  Result<api::TopResult> top(const Call& call, const std::string& reference, const std::string& ps_arguments);
  /// Errors: kConflict for a name in use.
  Result<void> rename(const Call& call, const std::string& reference, const std::string& name);
  /// Returns warnings. Errors: those of validate_resources(); kConflict for one that is being removed.
  Result<std::vector<std::string>> update(const Call& call, const std::string& reference,
                                          const api::UpdateContainer& update);
  Result<api::PruneContainersResult> prune(const Call& call, const ContainerFilters& filters);

  std::vector<ImageUse> image_uses() const override;

 private:
  Containers(ContainerSettings settings, ContainerServices services, RecordStore store)
      : registry_(std::move(settings), services, std::move(store)), creator_(registry_) {}
  Result<void> start();
  Result<void> load();
  void sweep_sandboxes();
  void sweep_directories();
  void sweep_layers();
  void auto_remove(const ContainerPtr& container);

  mutable Registry registry_;
  Creator creator_;
  std::unique_ptr<Remover> remover_;
  std::unique_ptr<Lifecycle> lifecycle_;  // last: its workers use the others
};

}  // namespace hull::engine
