#pragma once

#include <memory>

#include "base/daemon/thread.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "supervisor/events/exchange.h"
#include "supervisor/events/shim_endpoint.h"
#include "supervisor/tasks/tasks.h"

namespace hull::supervisor {

/// Tasks with what they stand on: the one thread that serves all shims, and the socket that they publish to
/// (config.shims.ttrpc_address).
class TaskRuntime {
 public:
  /// Listens for shims, then takes over those that run already. exchange and containers outlive it.
  static Result<std::unique_ptr<TaskRuntime>> start(TasksConfig config, Exchange& exchange,
                                                    ContainerSource& containers);
  /// Stops the thread; containers and their shims go on.
  ~TaskRuntime();
  TaskRuntime(const TaskRuntime&) = delete;
  TaskRuntime& operator=(const TaskRuntime&) = delete;

  Tasks& tasks() { return *tasks_; }
  /// The thread that serves all shims.
  EventLoop& loop() { return *loop_; }

 private:
  TaskRuntime() = default;

  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<ShimEndpoint> endpoint_;
  std::unique_ptr<Tasks> tasks_;
  Thread thread_;
};

}  // namespace hull::supervisor
