#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "engine/containerd/connection.h"
#include "engine/containerd/tasks.h"

namespace hull::engine::containerd {

/// Who is told what happens to tasks. Called on the subscription's own thread, which must not be held up.
class TaskListener {
 public:
  virtual ~TaskListener() = default;
  virtual void on_exit(const TaskName& name, int64_t pid, const TaskExit& exit) = 0;
  virtual void on_out_of_memory(const std::string& container) = 0;
  virtual void on_paused(const std::string& container) = 0;
  virtual void on_resumed(const std::string& container) = 0;
  /// Events flow from now on. Those of the time before, since the program's start or since the connection was lost, may
  /// have been missed: look at the tasks themselves.
  /// stop: the subscription goes, and waits for the call.
  virtual void on_connected(const std::stop_token& stop) = 0;
};

/// A subscription to the supervisor's task events on a thread of its own, made again whenever it breaks, until the
/// object goes. Source: containerd's events service.
class TaskEvents {
 public:
  static Result<std::unique_ptr<TaskEvents>> subscribe(const Connection& connection, TaskListener& listener);
  ~TaskEvents();

 private:
  struct State;
  explicit TaskEvents(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace hull::engine::containerd
