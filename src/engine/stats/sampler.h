#pragma once

#include <memory>
#include <string>

#include "api/container/stats.h"
#include "base/call.h"
#include "base/result.h"
#include "engine/containers/registry.h"
#include "engine/stats/samples.h"
#include "linux/cgroup_layout.h"

namespace hull::engine {

/// What containers use. Thread-safe.
class StatsSampler {
 public:
  /// Errors: kFailedPrecondition where the host has no cgroups.
  static Result<std::unique_ptr<StatsSampler>> create(Registry& registry);

  /// What it uses now. Of one that does not run, its name and id.
  std::shared_ptr<const api::ContainerStats> sample(const Container& container) { return look_at(container).stats; }
  /// The same with numbers of some time before: the last ones taken, or those that are taken a moment earlier.
  /// Errors: kCancelled, kDeadlineExceeded.
  Result<api::ContainerStats> sample_with_previous(const Call& call, const Container& container);

 private:
  /// Without `stats->read` where it does not run.
  StatsSample look_at(const Container& container);
  StatsSampler(Registry& registry, linux::CgroupLayout layout);
  api::ContainerStats take(const ContainerRecord& record) const;

  Registry& registry_;
  const linux::CgroupLayout layout_;
  const uint64_t host_memory_;
  StatsSamples samples_;
};

/// `current` with what `previous` says of the CPUs; nothing of it where the container ran anew meanwhile.
api::ContainerStats with_previous(api::ContainerStats current, const api::ContainerStats& previous);

}  // namespace hull::engine
