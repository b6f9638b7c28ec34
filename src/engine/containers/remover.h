#pragma once

#include <string>

#include "api/container/operations.h"
#include "base/call.h"
#include "base/daemon/thread_pool.h"
#include "base/result.h"
#include "engine/containers/lifecycle.h"
#include "engine/containers/registry.h"

namespace hull::engine {

struct RemoveOptions {
  bool force = false;    ///< kills what runs
  bool volumes = false;  ///< anonymous volumes go, too
};

/// Ends containers for good. Thread-safe.
class Remover {
 public:
  Remover(Registry& registry, Lifecycle& lifecycle) : registry_(registry), lifecycle_(lifecycle) {}

  /// Errors: kConflict where it runs and force is not given, or where another remove is at work.
  Result<void> remove(const Call& call, const ContainerPtr& container, const RemoveOptions& options);

 private:
  Result<Container::Turn> take_ended(const Call& call, const ContainerPtr& container, const RemoveOptions& options);
  Result<void> remove_parts(const Call& call, const ContainerRecord& record, const RemoveOptions& options);

  Registry& registry_;
  Lifecycle& lifecycle_;
  ThreadPool sweepers_{"remove", 2};
};

}  // namespace hull::engine
