// How a run ends: the supervisor's events, restart policies, and what happened while nobody listened.
#include <algorithm>
#include <future>

#include "base/files.h"
#include "base/log.h"
#include "engine/containers/health.h"
#include "engine/containers/lifecycle.h"
#include "engine/containers/restart_policy.h"

namespace hull::engine {
namespace {

constexpr std::chrono::minutes kPatience{2};
// Of a container whose task nobody knows any more: the machine was started anew, or the supervisor's state was lost.
constexpr int64_t kLostExitCode = 255;

}  // namespace

Call Lifecycle::patience() const { return Call::within(kPatience, stop_.get_token()); }

void Lifecycle::on_exit(const containerd::TaskName& name, int64_t pid, const containerd::TaskExit& exit) {
  if (!name.exec.empty()) {
    if (exec_exit_) exec_exit_(name, exit);
    return;
  }
  auto found = registry_.index().find(name.container);
  if (!found.ok()) return workers_.submit([this, id = name.container] { clear_unclaimed(id); });
  workers_.submit(
      [this, container = std::move(found).value(), pid, exit] { take_exit(container, pid, exit, Source::kEvent); });
}

void Lifecycle::take_exit(const ContainerPtr& container, int64_t pid, const containerd::TaskExit& exit, Source source) {
  const auto turn = container->take_turn(Call());
  const RecordPtr record = container->record();
  // An event may come twice, or late: the exit of an earlier run is of no interest.
  if (!turn.ok() || !is_live(record->state.phase) || (pid != 0 && record->state.pid != pid)) return;
  end_run(*container, exit, source);
  const RecordPtr ended = container->record();
  if (ended->state.phase == Phase::kRestarting) {
    plan_restart(container);
  } else if (ended->host.auto_remove && auto_remove_) {
    workers_.submit([this, container] { auto_remove_(container); });
  }
}

/// Who waits for the exit is told as soon as it is known and the output is in the log; the clearing up goes on under
/// the turn, so that the next start, and whoever stops or removes the container, comes after it.
void Lifecycle::end_run(Container& container, const containerd::TaskExit& exit, Source source) {
  const RecordPtr record = container.record();
  // Dropping a namespace waits for the kernel's RCU, as long as all the rest takes.
  std::promise<void> network_gone;
  cleaners_.submit([&] {
    runner_.remove_sandbox(record->id);
    network_gone.set_value();
  });
  if (run_over_) run_over_(container.id());
  const bool early = source == Source::kEvent && runner_.output_is_complete_at_exit(*record);
  if (early) {
    container.hub().drain_now();
    show_exit(container, exit);
    container.hub().end_clients();
  }
  const Call call = patience();
  const auto known = runner_.end_task(call, container, exit);
  if (!early) {
    show_exit(container, known);
    container.hub().end_clients();
  }
  runner_.release(call, *record);
  network_gone.get_future().wait();
}

void Lifecycle::show_exit(Container& container, const containerd::TaskExit& exit) {
  ContainerRecord next = *container.record();
  next.state.exit_code = exit.code;
  next.state.finished_at = exit.at.value_or(now());
  next.state.pid = 0;
  if (next.state.health) next.state.health->status = kHealthUnhealthy;
  next.sandbox.reset();
  next.state.phase = restarts_after_exit(next) ? Phase::kRestarting : Phase::kExited;
  const auto run_time = *next.state.finished_at - next.state.started_at.value_or(*next.state.finished_at);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(run_time).count();
  // The event comes first, since a client that saw the state may go on to remove the container.
  registry_.announce(next, "die", {{"exitCode", std::to_string(exit.code)}, {"execDuration", std::to_string(seconds)}});
  registry_.change_state(container, std::move(next));
  container.count_exit();
}

void Lifecycle::plan_restart(const ContainerPtr& container) {
  const RecordPtr record = container->record();
  const auto run_time = *record->state.finished_at - record->state.started_at.value_or(*record->state.finished_at);
  const auto delay = delays_.with([&](auto& delays) {
    auto& last = delays[container->id()];
    return last = next_restart_delay(last, run_time);
  });
  timers_->post([this, container, delay] {
    timers_->after(delay, [this, container] { starters_.submit([this, container] { restart_by_policy(container); }); });
  });
}

void Lifecycle::restart_by_policy(const ContainerPtr& container) {
  if (closing_) return;
  const auto turn = container->take_turn(Call());
  // Stopped, started or removed by a user meanwhile.
  if (!turn.ok() || container->record()->state.phase != Phase::kRestarting) return;
  ContainerRecord next = *container->record();
  ++next.state.restart_count;
  container->publish(std::make_shared<const ContainerRecord>(std::move(next)));
  if (auto started = start_now(patience(), *container); !started.ok())
    logging::warn("restart container", {{"container", container->id()}, {"error", started.error().message()}});
}

void Lifecycle::on_out_of_memory(const std::string& id) {
  auto found = registry_.index().find(id);
  if (!found.ok()) return;
  workers_.submit([this, container = std::move(found).value()] {
    const auto turn = container->take_turn_if_exists(Call());
    if (!turn.ok()) return;
    ContainerRecord next = *container->record();
    registry_.announce(next, "oom");
    next.state.oom_killed = true;
    registry_.change_state(*container, std::move(next));
  });
}

void Lifecycle::on_paused(const std::string& id) { compare_pause(id); }
void Lifecycle::on_resumed(const std::string& id) { compare_pause(id); }

/// Somebody else may have paused it, straight at the supervisor. Events may be late, so that only what the supervisor
/// says now counts.
void Lifecycle::compare_pause(const std::string& id) {
  auto found = registry_.index().find(id);
  if (!found.ok()) return;
  workers_.submit([this, container = std::move(found).value()] {
    const auto turn = container->take_turn(Call());
    if (!turn.ok() || !is_live(container->record()->state.phase)) return;
    const auto task = registry_.services().tasks.get(patience(), {container->id(), ""});
    if (!task.ok()) return;  // it has ended: its exit comes, too
    const bool paused = task->status == containerd::TaskStatus::kPaused;
    if (!paused && task->status != containerd::TaskStatus::kRunning) return;
    if (paused == (container->record()->state.phase == Phase::kPaused)) return;
    show_pause(*container, paused ? Phase::kPaused : Phase::kRunning);
  });
}

void Lifecycle::on_connected(const std::stop_token& stop) {
  auto tasks = registry_.services().tasks.list(Call::within(kPatience, stop));
  if (!tasks.ok()) return logging::warn("list tasks", {{"error", tasks.error().message()}});
  std::map<std::string, containerd::TaskInfo> by_id;
  for (auto& task : *tasks) by_id.emplace(task.name.container, std::move(task));
  std::vector<std::string> running;
  for (const ContainerPtr& container : registry_.index().all()) {
    if (!is_live(container->record()->state.phase)) continue;
    running.push_back(container->id());
    workers_.submit([this, container] { compare(container); });
  }
  if (reconnected_) workers_.submit(reconnected_);
  for (const auto& [id, task] : by_id)
    if (std::find(running.begin(), running.end(), id) == running.end())
      workers_.submit([this, task = task] { end_unclaimed(task); });
  if (!engine_started_.exchange(true)) start_with_engine();
}

/// What is known of a container that should run, against what the supervisor says. It is asked under the turn: a list
/// of before would take what was started since for lost.
void Lifecycle::compare(const ContainerPtr& container) {
  int64_t pid = 0;
  std::optional<containerd::TaskInfo> task;
  {
    const auto turn = container->take_turn(Call());
    const RecordPtr record = container->record();
    if (!turn.ok() || !is_live(record->state.phase)) return;
    pid = record->state.pid;
    auto asked = registry_.services().tasks.get(patience(), {container->id(), ""});
    // The next connection compares again.
    if (!asked.ok() && !asked.is(Code::kNotFound))
      return logging::warn("ask for task", {{"container", container->id()}, {"error", asked.error().message()}});
    if (asked.ok()) task = std::move(asked).value();
    // Its output is wanted in either case: what it wrote until now waits in the FIFOs.
    if (!container->hub().is_open()) {
      auto adopted = runner_.adopt(*container);
      if (adopted.ok()) {
        if (task && adopted->state.resume_when_adopted) resume_adopted(*adopted, *task);
        if (task && task->status == containerd::TaskStatus::kPaused) adopted->state.phase = Phase::kPaused;
        if (task && task->status == containerd::TaskStatus::kRunning) adopted->state.phase = Phase::kRunning;
        const bool runs = adopted->state.phase == Phase::kRunning;
        registry_.change_state(*container, std::move(adopted).value());
        if (runs && running_) running_(container->id());
      } else {
        logging::error("take over container", {{"container", container->id()}, {"error", adopted.error().message()}});
      }
    }
  }
  const bool runs =
      task && (task->status == containerd::TaskStatus::kRunning || task->status == containerd::TaskStatus::kPaused);
  if (runs && task->pid == pid) return;
  take_exit(container, pid,
            task ? containerd::TaskExit{task->exit_code, task->exited_at} : containerd::TaskExit{kLostExitCode, now()},
            Source::kLate);
}

/// It was to be paused for a moment of ours only, which a crash cut short.
void Lifecycle::resume_adopted(ContainerRecord& record, containerd::TaskInfo& task) {
  if (task.status == containerd::TaskStatus::kPaused) {
    if (const auto resumed = registry_.services().tasks.resume(patience(), record.id); !resumed.ok())
      return logging::error("resume container", {{"container", record.id}, {"error", resumed.error().message()}});
    task.status = containerd::TaskStatus::kRunning;
  }
  record.state.resume_when_adopted = false;
}

/// A crash of ours may have come between the start of a task and our note of it: nobody claims it, so it ends. Its exit
/// means nothing to a container that does not run; so all of it goes here.
void Lifecycle::end_unclaimed(const containerd::TaskInfo& task) {
  std::optional<Container::Turn> turn;
  if (auto found = registry_.index().find(task.name.container); found.ok()) {
    auto taken = (*found)->take_turn(Call());
    if (!taken.ok() || is_live((*found)->record()->state.phase)) return;
    turn.emplace(std::move(taken).value());
  }
  const std::string& id = task.name.container;
  const Call call = patience();
  // Its container may have ended and gone since the list was made, and the task with it.
  const auto found = registry_.services().tasks.get(call, task.name);
  if (!found.ok()) return;
  if (found->status == containerd::TaskStatus::kRunning || found->status == containerd::TaskStatus::kPaused)
    logging::warn("ending a task that no container claims", {{"task", id}});
  if (const auto ended = runner_.end_stray_task(call, id); !ended.ok())
    return logging::warn("end task", {{"task", id}, {"error", ended.error().message()}});
  runner_.clear_stray_run(call, id);
}

void Lifecycle::clear_unclaimed(const std::string& id) {
  const Call call = patience();
  const auto removed = registry_.services().tasks.remove(call, {id, ""});
  if (!removed.ok() && !removed.is(Code::kNotFound))
    logging::warn("remove task", {{"task", id}, {"error", removed.error().message()}});
  if (removed.ok()) runner_.clear_stray_run(call, id);
}

void Lifecycle::start_with_engine() {
  for (const ContainerPtr& container : registry_.index().all()) {
    const RecordPtr record = container->record();
    if (record->state.phase == Phase::kRestarting) {
      starters_.submit([this, container] { restart_by_policy(container); });
    } else if (record->state.phase == Phase::kExited && record->host.auto_remove) {
      // A crash of ours came between its end and its removal.
      workers_.submit([this, container] { auto_remove_(container); });
    } else if (record->state.phase == Phase::kExited && restarts_with_engine(*record)) {
      starters_.submit([this, container] {
        if (closing_) return;
        const auto turn = container->take_turn(Call());
        if (!turn.ok() || container->record()->state.phase != Phase::kExited) return;
        if (auto started = start_now(patience(), *container); !started.ok())
          logging::warn("start container", {{"container", container->id()}, {"error", started.error().message()}});
      });
    }
  }
}

}  // namespace hull::engine
