#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "api/container/stats.h"
#include "base/guarded.h"

namespace hull::engine {

/// One look at a container. Its age is told by a clock that nobody sets.
struct StatsSample {
  using Clock = std::chrono::steady_clock;
  std::shared_ptr<const api::ContainerStats> stats;  ///< null: none
  Clock::time_point taken;
};

/// The last two samples of each container, for a minute. Thread-safe.
class StatsSamples {
 public:
  using Clock = StatsSample::Clock;
  /// The last one, where it serves all who ask at the same moment; else none.
  StatsSample fresh(const std::string& container, Clock::time_point now);
  void add(const std::string& container, const StatsSample& sample);
  /// The latest one of some time before that, so that a ratio can be taken over it; none where there is no such.
  StatsSample before(const std::string& container, const StatsSample& current);

 private:
  struct Pair {
    StatsSample last;
    StatsSample before;
  };
  Guarded<std::map<std::string, Pair>> samples_;
};

}  // namespace hull::engine
