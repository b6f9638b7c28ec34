#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/container/host_config.h"
#include "base/call.h"
#include "base/daemon/thread.h"
#include "base/daemon/thread_pool.h"
#include "base/event_loop.h"
#include "base/guarded.h"
#include "base/result.h"
#include "engine/containerd/task_events.h"
#include "engine/containers/registry.h"
#include "engine/containers/runner.h"

namespace hull::engine {

/// Starts and ends of containers, by users, by themselves and by restart policies.
///
/// A run: start() makes the process under the container's turn. When it ends, the supervisor's event puts an exit on
/// the queue; a worker takes the turn (so that it comes after the start that is still going on), clears up, shows the
/// new state and wakes who waits. A policy may then start it again, after a while.
/// After a restart of the engine or the supervisor, on_connected() compares what is known with what runs.
class Lifecycle final : public containerd::TaskListener {
 public:
  static Result<std::unique_ptr<Lifecycle>> create(Registry& registry);
  ~Lifecycle() override { close(); }

  /// The daemon ends: exits that are known are taken, restarts are left to the next one. Nobody tells of events any
  /// more. Afterwards what was given to on_…() is not called by workers. Repeat calls do nothing.
  void close();

  /// Errors: kNotModified where it runs already; kConflict where it is paused or being removed; of the process itself
  /// see classify_start_failure().
  Result<void> start(const Call& call, const ContainerPtr& container);
  /// grace: how long the process has after the stop signal; absent: as the container says; negative: for ever.
  /// signal: absent: as the container says. Errors: kNotModified where it does not run.
  struct StopOptions {
    std::optional<std::chrono::seconds> grace;
    std::optional<int> signal;
  };
  Result<void> stop(const Call& call, const ContainerPtr& container, const StopOptions& options);
  Result<void> restart(const Call& call, const ContainerPtr& container, const StopOptions& options);
  /// Errors: kConflict where it does not run.
  Result<void> kill(const Call& call, const ContainerPtr& container, int signal);
  /// kForAWhile: the engine's own pause, that a crash must not leave behind.
  enum class PauseReason { kAsked, kForAWhile };
  Result<void> pause(const Call& call, const ContainerPtr& container, PauseReason reason = PauseReason::kAsked);
  Result<void> unpause(const Call& call, const ContainerPtr& container);
  Result<void> resize(const Call& call, const ContainerPtr& container, uint32_t width, uint32_t height);

  /// The process reads the end of its input; also one that is only being started.
  void close_input(const Call& call, Container& container);

  enum class WaitFor { kNotRunning, kNextExit, kRemoved };
  /// A wait whose beginning is now: what happens between this call and the wait counts. Gives the exit code.
  using Wait = std::function<Result<int64_t>(const Call& call)>;
  static Wait begin_wait(const ContainerPtr& container, WaitFor condition);

  /// Kills it and waits until it has ended; one that does not run is no error.
  Result<void> end(const Call& call, const ContainerPtr& container);

  /// Given the containers that ended and were created with --rm.
  void on_auto_remove(std::function<void(const ContainerPtr&)> remove) { auto_remove_ = std::move(remove); }
  /// Given the ends of execs.
  void on_exec_exit(std::function<void(const containerd::TaskName&, const containerd::TaskExit&)> take) {
    exec_exit_ = std::move(take);
  }
  /// Told when events may have been missed.
  void on_reconnect(std::function<void()> tell) { reconnected_ = std::move(tell); }
  /// Told when a container's run is over, before anyone else.
  void on_run_over(std::function<void(const std::string& container)> tell) { run_over_ = std::move(tell); }

  /// Told, under the turn, that the process of a container runs: it was started, taken over, or goes on after a pause.
  void on_running(std::function<void(const std::string& container)> tell) { running_ = std::move(tell); }
  void on_pause(std::function<void(const std::string& container)> tell) { halted_ = std::move(tell); }

  void on_exit(const containerd::TaskName& name, int64_t pid, const containerd::TaskExit& exit) override;
  void on_out_of_memory(const std::string& container) override;
  void on_paused(const std::string& container) override;
  void on_resumed(const std::string& container) override;
  void on_connected(const std::stop_token& stop) override;

  Runner& runner() { return runner_; }

 private:
  Lifecycle(Registry& registry, std::unique_ptr<EventLoop> timers, Thread timing)
      : registry_(registry), runner_(registry), timers_(std::move(timers)), timing_(std::move(timing)) {}

  /// Where the container stands once what is being done to it is done, a start above all.
  Result<Phase> settled_phase(const Call& call, Container& container);
  Result<void> start_now(const Call& call, Container& container);
  Result<void> note_failed_start(Container& container, const Error& error);
  /// kEvent: told by the supervisor as it happened; kLate: found out afterwards.
  enum class Source { kEvent, kLate };
  void take_exit(const ContainerPtr& container, int64_t pid, const containerd::TaskExit& exit, Source source);
  void end_run(Container& container, const containerd::TaskExit& exit, Source source);
  void show_exit(Container& container, const containerd::TaskExit& exit);
  void plan_restart(const ContainerPtr& container);
  void restart_by_policy(const ContainerPtr& container);
  Result<void> signal(const Call& call, Container& container, int number);
  Result<void> give_up_restart(const Call& call, Container& container);
  Result<void> wait_ended(const Call& call, Container& container);
  void show_pause(Container& container, Phase to);
  Result<void> change_pause(const Call& call, Container& container, Phase from, Phase to);
  void resume_adopted(ContainerRecord& record, containerd::TaskInfo& task);
  /// For work that nobody waits for.
  Call patience() const;
  void end_unclaimed(const containerd::TaskInfo& task);
  void clear_unclaimed(const std::string& id);
  void compare(const ContainerPtr& container);
  void compare_pause(const std::string& id);
  void start_with_engine();

  Registry& registry_;
  Runner runner_;
  const std::unique_ptr<EventLoop> timers_;
  Thread timing_;  // runs the timers
  std::function<void(const ContainerPtr&)> auto_remove_;
  std::function<void(const containerd::TaskName&, const containerd::TaskExit&)> exec_exit_;
  std::function<void(const std::string&)> run_over_;
  std::function<void(const std::string&)> running_;
  std::function<void(const std::string&)> halted_;
  std::function<void()> reconnected_;
  Guarded<std::map<std::string, std::chrono::milliseconds>> delays_;  // last restart delay, by container
  std::atomic<bool> engine_started_ = false;
  std::atomic<bool> closing_ = false;     // nothing is started any more
  std::stop_source stop_;                 // breaks off what the supervisor does not answer at the end
  ThreadPool cleaners_{"sandboxes", 16};  // their work waits for no other
  ThreadPool workers_{"exits", 16};
  ThreadPool starters_{"starts", 16};  // exits don't wait for them
};

}  // namespace hull::engine
