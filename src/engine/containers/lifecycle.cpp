#include "engine/containers/lifecycle.h"

#include <csignal>

#include "base/log.h"
#include "engine/containers/health.h"
#include "engine/containers/restart_policy.h"
#include "engine/containers/validate.h"

namespace hull::engine {
namespace {

constexpr std::chrono::seconds kDefaultGrace{10};
// After SIGKILL: only a process in the kernel's own hands takes longer.
constexpr std::chrono::seconds kKillPatience{10};

// At the end, for a supervisor that does not answer.
constexpr std::chrono::seconds kClosePatience{3};

bool is_over(const ContainerRecord& record, const Container::Moment& moment) {
  return moment.removed || (!is_live(record.state.phase) && record.state.phase != Phase::kRestarting);
}

}  // namespace

Result<std::unique_ptr<Lifecycle>> Lifecycle::create(Registry& registry) {
  auto timers = TRY(EventLoop::create());
  auto timing = TRY(Thread::start("restarts", [loop = timers.get()] { (void)loop->run().ok(); }));
  return std::unique_ptr<Lifecycle>(new Lifecycle(registry, std::move(timers), std::move(timing)));
}

void Lifecycle::close() {
  closing_ = true;
  timers_->stop();
  timing_.join();
  if (!starters_.drain(kClosePatience) || !workers_.drain(kClosePatience)) stop_.request_stop();
  starters_.close();
  workers_.close();  // they wait for cleaners
  cleaners_.close();
}

Result<void> Lifecycle::start(const Call& call, const ContainerPtr& container) {
  const auto turn = TRY(container->take_turn(call));
  const RecordPtr record = container->record();
  switch (record->state.phase) {
    case Phase::kPaused: return conflict("cannot start a paused container, try unpause instead");
    case Phase::kRunning: return Error(Code::kNotModified, "container is already running");
    case Phase::kRemoving:
    case Phase::kDead: return conflict("container is marked for removal and cannot be started");
    case Phase::kCreated:
    case Phase::kRestarting:
    case Phase::kExited: break;
  }
  if (container->moment().removed) return not_found("No such container: " + container->id());
  delays_.with([&](auto& delays) { delays.erase(container->id()); });
  auto next = *record;
  next.state.stopped_by_user = false;
  next.state.restart_count = 0;
  container->publish(std::make_shared<const ContainerRecord>(std::move(next)));
  auto started = start_now(call, *container);
  if (!started.ok() && record->host.auto_remove && auto_remove_)
    workers_.submit([this, container] { auto_remove_(container); });
  return started;
}

/// Under the turn.
Result<void> Lifecycle::start_now(const Call& call, Container& container) {
  auto started = runner_.start(call, container);
  if (!started.ok()) return note_failed_start(container, started.error());
  registry_.change_state(container, *started);
  registry_.announce(*started, "start");
  if (running_) running_(container.id());
  return {};
}

Result<void> Lifecycle::note_failed_start(Container& container, const Error& error) {
  const StartFailure failure = classify_start_failure(error);
  ContainerRecord next = *container.record();
  next.state.error = failure.error.message();
  next.state.exit_code = failure.exit_code;
  next.state.pid = 0;
  next.sandbox.reset();
  if (next.state.phase != Phase::kCreated) next.state.phase = Phase::kExited;
  registry_.change_state(container, std::move(next));
  container.count_exit();
  return failure.error;
}

Result<void> Lifecycle::signal(const Call& call, Container& container, int number) {
  const RecordPtr record = container.record();
  auto sent = registry_.services().tasks.kill(call, {container.id(), ""}, number);
  // It ended by itself: its exit is on the way.
  if (sent.is(Code::kNotFound) || sent.is(Code::kFailedPrecondition)) sent = {};
  TRY(std::move(sent));
  // A paused process gets no signal before it runs again; only SIGKILL is worth that.
  if (number == SIGKILL && record->state.phase == Phase::kPaused)
    (void)registry_.services().tasks.resume(call, container.id()).ok();
  registry_.announce(*record, "kill", {{"signal", std::to_string(number)}});
  return {};
}

/// No policy starts it any more. What waits for its restart has ended now.
Result<void> Lifecycle::give_up_restart(const Call& call, Container& container) {
  const auto turn = TRY(container.take_turn(call));
  ContainerRecord next = *container.record();
  next.state.stopped_by_user = true;
  if (next.state.phase == Phase::kRestarting) next.state.phase = Phase::kExited;
  registry_.change_state(container, std::move(next));
  return {};
}

Result<Phase> Lifecycle::settled_phase(const Call& call, Container& container) {
  if (const Phase phase = container.record()->state.phase; is_live(phase)) return phase;
  const auto turn = TRY(container.take_turn(call));
  return container.record()->state.phase;
}

Result<void> Lifecycle::kill(const Call& call, const ContainerPtr& container, int number) {
  const bool live = is_live(TRY(settled_phase(call, *container)));
  const RecordPtr record = container->record();
  if (!live)
    return conflict("cannot kill container: " + container->id() + ": container " + container->id() + " is not running");
  const int stop_signal = record->config.stop_signal.empty() ? SIGTERM : TRY(parse_signal(record->config.stop_signal));
  if (number == SIGKILL || number == stop_signal) TRY(give_up_restart(call, *container));
  return signal(call, *container, number).context("cannot kill container: " + container->id());
}

Result<void> Lifecycle::wait_ended(const Call& call, Container& container) {
  TRY(container.wait(call, is_over));
  // What the run held is given back when its turn is.
  TRY(container.take_turn(call));
  return {};
}

Result<void> Lifecycle::stop(const Call& call, const ContainerPtr& container, const StopOptions& options) {
  const Phase phase = TRY(settled_phase(call, *container));
  const RecordPtr record = container->record();
  if (!is_live(phase) && phase != Phase::kRestarting) return Error(Code::kNotModified, "container is already stopped");
  TRY(give_up_restart(call, *container));
  if (phase == Phase::kRestarting) return {};
  const int number = options.signal                       ? *options.signal
                     : record->config.stop_signal.empty() ? SIGTERM
                                                          : TRY(parse_signal(record->config.stop_signal));
  auto grace =
      options.grace.value_or(std::chrono::seconds(record->config.stop_timeout.value_or(kDefaultGrace.count())));
  TRY(signal(call, *container, number));
  Call patience{call.stop};
  if (grace.count() >= 0) patience.deadline = std::min(call.deadline, std::chrono::steady_clock::now() + grace);
  auto ended = wait_ended(patience, *container);
  if (ended.is(Code::kDeadlineExceeded)) {
    TRY(signal(call, *container, SIGKILL));
    ended = wait_ended(Call::within(kKillPatience, call.stop), *container);
    if (ended.is(Code::kDeadlineExceeded))
      ended = Error(Code::kInternal, "cannot stop container: " + container->id() +
                                         ": tried to kill container, but did not receive an exit event");
  }
  TRY(std::move(ended));
  registry_.announce(*record, "stop");
  return {};
}

Result<void> Lifecycle::restart(const Call& call, const ContainerPtr& container, const StopOptions& options) {
  auto stopped = stop(call, container, options);
  if (!stopped.ok() && !stopped.is(Code::kNotModified)) return stopped;
  TRY(start(call, container));
  registry_.announce(*container->record(), "restart");
  return {};
}

Result<void> Lifecycle::end(const Call& call, const ContainerPtr& container) {
  const Phase phase = container->record()->state.phase;
  if (!is_live(phase) && phase != Phase::kRestarting) return {};
  TRY(give_up_restart(call, *container));
  if (phase != Phase::kRestarting) TRY(signal(call, *container, SIGKILL));
  return wait_ended(call, *container);
}

/// Under the turn.
Result<void> Lifecycle::change_pause(const Call& call, Container& container, Phase from, Phase to) {
  const Phase phase = container.record()->state.phase;
  auto& tasks = registry_.services().tasks;
  if (phase == to && to == Phase::kPaused) return conflict("container " + container.id() + " is already paused");
  if (phase != from)
    return conflict("container " + container.id() + " is not " + (from == Phase::kPaused ? "paused" : "running"));
  TRY((to == Phase::kPaused ? tasks.pause(call, container.id()) : tasks.resume(call, container.id()))
          .context("cannot " + std::string(to == Phase::kPaused ? "pause" : "unpause") + " container " +
                   container.id()));
  show_pause(container, to);
  return {};
}

/// Who is not watched counts as unhealthy, as in docker.
void Lifecycle::show_pause(Container& container, Phase to) {
  ContainerRecord next = *container.record();
  const bool pauses = to == Phase::kPaused;
  next.state.phase = to;
  if (!pauses) next.state.resume_when_adopted = false;
  if (pauses && next.state.health) next.state.health->status = kHealthUnhealthy;
  registry_.announce(next, pauses ? "pause" : "unpause");
  registry_.change_state(container, std::move(next));
  if (const auto& tell = pauses ? halted_ : running_) tell(container.id());
}

Result<void> Lifecycle::pause(const Call& call, const ContainerPtr& container, PauseReason reason) {
  const auto turn = TRY(container->take_turn(call));
  const bool resumes = reason == PauseReason::kForAWhile && container->record()->state.phase == Phase::kRunning;
  const auto note = [&](bool resume) {
    ContainerRecord next = *container->record();
    next.state.resume_when_adopted = resume;
    registry_.change_state(*container, std::move(next));
  };
  if (resumes) note(true);  // before it stands still
  auto paused = change_pause(call, *container, Phase::kRunning, Phase::kPaused);
  if (!paused.ok() && resumes) note(false);
  return paused;
}

Result<void> Lifecycle::unpause(const Call& call, const ContainerPtr& container) {
  const auto turn = TRY(container->take_turn(call));
  return change_pause(call, *container, Phase::kPaused, Phase::kRunning);
}

Result<void> Lifecycle::resize(const Call& call, const ContainerPtr& container, uint32_t width, uint32_t height) {
  const RecordPtr record = container->record();
  if (!is_live(record->state.phase)) return conflict("container " + container->id() + " is not running");
  TRY(registry_.services().tasks.resize(call, {container->id(), ""}, width, height));
  registry_.announce(*record, "resize", {{"height", std::to_string(height)}, {"width", std::to_string(width)}});
  return {};
}

void Lifecycle::close_input(const Call& call, Container& container) {
  container.hub().close_input();
  // A start that is going on looks at the hub itself, but may have done so already.
  const auto turn = container.take_turn(call);
  if (!turn.ok() || !is_live(container.record()->state.phase)) return;
  // Where it ended meanwhile, there is nothing to close.
  (void)registry_.services().tasks.close_stdin(call, {container.id(), ""}).ok();
}

Lifecycle::Wait Lifecycle::begin_wait(const ContainerPtr& container, WaitFor condition) {
  const uint64_t exits = container->moment().exits;
  return [container, condition, exits](const Call& call) -> Result<int64_t> {
    const auto holds = [&](const ContainerRecord& record, const Container::Moment& moment) {
      switch (condition) {
        // While it waits for its next start it runs, as docker sees it; but who waited for this end has it.
        case WaitFor::kNotRunning: return moment.exits > exits || is_over(record, moment);
        case WaitFor::kNextExit: return moment.removed || moment.exits > exits;
        case WaitFor::kRemoved: return moment.removed;
      }
      return true;
    };
    const auto moment = TRY(container->wait(call, holds));
    // It may run again by now, with a record that knows nothing of that end.
    return moment.exits > exits ? moment.last_exit_code : container->record()->state.exit_code;
  };
}

}  // namespace hull::engine
