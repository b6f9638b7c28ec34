#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "shim/reaper.h"
#include "shim/stdio.h"
#include "shim/terminal.h"

namespace hull::shim {

/// kCreating, kCreated (init: the runtime has made it; exec: it is described), kRunning, kStopped (its exit is kept).
enum class ProcessState { kCreating, kCreated, kStarting, kRunning, kStopped };

/// A process of a container: its first one, or one that was added (exec).
class Process {
 public:
  /// Told once about the exit; `awaited` says whether it still matters.
  struct Waiter {
    std::function<void(const Process&)> notify;
    std::function<bool()> awaited;
  };

  Process(std::string id, StdioPaths paths) : exec_id(std::move(id)), stdio_paths(std::move(paths)) {}

  const std::string exec_id;  ///< empty: the container's first process
  const StdioPaths stdio_paths;
  std::string spec;  ///< exec only: the OCI process, JSON
  pid_t pid = 0;

  ProcessState state() const { return state_; }
  int exit_code() const { return exit_code_; }
  const std::optional<Timestamp>& exited_at() const { return exited_at_; }
  void set_state(ProcessState state) { state_ = state; }
  /// Keeps the exit and tells who waits.
  void set_exited(ExitReport report);
  /// Calls at once where the process has ended.
  void wait(Waiter waiter);

  /// console_socket: only where it has a terminal. Starts the logger, if there is one.
  Result<void> open_stdio(const LoggerHost& host, Owner owner, const std::string& console_socket);
  /// At once where there is no logger.
  void when_logger_is_ready(std::function<void(const Result<void>&)> done);
  ChildStdio child_stdio() const { return direct_ ? direct_->child() : ChildStdio(); }
  Terminal* terminal() const { return terminal_.get(); }
  /// The runtime has made it: takes the console.
  Result<void> stdio_created();
  /// Just before it runs.
  Result<void> hold_stdin();
  /// It runs: lets go of what only the process needs.
  void stdio_started();
  void close_stdin();
  /// Runs once the terminal's output was handed on, or after the time, and the logger has ended.
  void when_drained(EventLoop& loop, EventLoop::Clock::duration time, std::function<void()> done);
  void close_stdio();

 private:
  ProcessState state_ = ProcessState::kCreating;
  int exit_code_ = 0;
  std::optional<Timestamp> exited_at_;
  std::vector<Waiter> waiters_;
  std::optional<DirectStdio> direct_;
  std::shared_ptr<Terminal> terminal_;
  std::shared_ptr<Logger> logger_;
};

}  // namespace hull::shim
