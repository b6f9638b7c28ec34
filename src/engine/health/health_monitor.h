#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/daemon/thread.h"
#include "base/daemon/thread_pool.h"
#include "base/event_loop.h"
#include "base/guarded.h"
#include "engine/containers/health.h"
#include "engine/containers/registry.h"
#include "engine/exec/execs.h"

namespace hull::engine {

/// Checks the health of containers that have a check, as long as they run. Thread-safe.
class HealthMonitor {
 public:
  static Result<std::unique_ptr<HealthMonitor>> create(Registry& registry, Execs& execs);
  ~HealthMonitor() { close(); }

  /// The daemon ends: no check begins any more. The execs are closed already, so that none tells of its end. Repeat
  /// calls do nothing.
  void close();

  /// It runs from now on: it has started, was taken over, or goes on after a pause.
  void begin(const std::string& container);
  /// It runs no more, or is paused.
  void end(const std::string& container);

 private:
  HealthMonitor(Registry& registry, Execs& execs, std::unique_ptr<EventLoop> timers, Thread timing)
      : registry_(registry), execs_(execs), timers_(std::move(timers)), timing_(std::move(timing)) {}

  /// One time of being watched, from begin() to end().
  struct Watch {
    ContainerPtr container;
    HealthPlan plan;
    uint64_t number = 0;
  };
  using WatchPtr = std::shared_ptr<const Watch>;
  struct Check;

  bool is_current(const Watch& watch) const;
  void plan_next(const WatchPtr& watch);
  void start_check(const WatchPtr& watch);
  void watch_time(const std::shared_ptr<Check>& check);
  void take_result(const WatchPtr& watch, api::HealthResult result);

  Registry& registry_;
  Execs& execs_;
  const std::unique_ptr<EventLoop> timers_;
  Thread timing_;  // runs the timers
  struct Watches {
    std::map<std::string, WatchPtr> current;
    uint64_t last_number = 0;
  };
  Guarded<Watches> watches_;
  ThreadPool workers_{"health", 8};  // last: its threads end first
};

}  // namespace hull::engine
