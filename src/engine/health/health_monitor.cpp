#include "engine/health/health_monitor.h"

#include <csignal>

#include "base/log.h"
#include "engine/health/bounded_output.h"

namespace hull::engine {

/// A check that runs.
struct HealthMonitor::Check {
  WatchPtr watch;
  ExecPtr exec;
  Timestamp start;
  std::chrono::steady_clock::time_point begun;
  std::shared_ptr<BoundedOutput> output = std::make_shared<BoundedOutput>();
  std::atomic<bool> ended = false;
  std::atomic<bool> too_long = false;

  api::HealthResult result(int64_t exit_code) const {
    api::HealthResult result{.start = start, .end = now(), .exit_code = exit_code, .output = output->text()};
    if (!too_long) return result;
    result.exit_code = -1;
    result.output = "Health check exceeded timeout (" + format_go_duration(watch->plan.timeout) + ")" +
                    (result.output.empty() ? "" : ": " + result.output);
    return result;
  }
};

Result<std::unique_ptr<HealthMonitor>> HealthMonitor::create(Registry& registry, Execs& execs) {
  auto timers = TRY(EventLoop::create());
  auto timing = TRY(Thread::start("health-timers", [loop = timers.get()] { (void)loop->run().ok(); }));
  return std::unique_ptr<HealthMonitor>(new HealthMonitor(registry, execs, std::move(timers), std::move(timing)));
}

void HealthMonitor::close() {
  timers_->stop();
  timing_.join();
  workers_.close();
}

void HealthMonitor::begin(const std::string& id) {
  auto found = registry_.index().find(id);
  if (!found.ok()) return;
  const RecordPtr record = (*found)->record();
  if (!has_health_check(record->config)) return;
  Watch watch{.container = std::move(found).value(), .plan = health_plan(record->config)};
  const auto current = watches_.with([&](Watches& watches) {
    watch.number = ++watches.last_number;
    return watches.current[id] = std::make_shared<const Watch>(std::move(watch));
  });
  plan_next(current);
}

void HealthMonitor::end(const std::string& id) {
  watches_.with([&](Watches& watches) { watches.current.erase(id); });
}

bool HealthMonitor::is_current(const Watch& watch) const {
  return watches_.with([&](const Watches& watches) {
    const auto found = watches.current.find(watch.container->id());
    return found != watches.current.end() && found->second->number == watch.number;
  });
}

void HealthMonitor::plan_next(const WatchPtr& watch) {
  const RecordPtr record = watch->container->record();
  const auto delay = next_health_check(watch->plan, record->state.health.value_or(api::Health()),
                                       record->state.started_at.value_or(now()), now());
  // A timer may be long: it must not keep what is gone meanwhile.
  timers_->post([this, delay, weak = std::weak_ptr<const Watch>(watch)] {
    timers_->after(delay, [this, weak] {
      if (const WatchPtr watch = weak.lock()) workers_.submit([this, watch] { start_check(watch); });
    });
  });
}

void HealthMonitor::start_check(const WatchPtr& watch) {
  if (!is_current(*watch)) return;
  const auto check = std::make_shared<Check>();
  check->watch = watch;
  check->start = now();
  check->begun = std::chrono::steady_clock::now();
  const auto fail = [&](const Error& error) {
    take_result(watch, {.start = check->start, .end = now(), .exit_code = -1, .output = error.message()});
  };
  api::CreateExec request{.attach_stderr = true, .attach_stdout = true};
  request.cmd = api::StringList(watch->plan.command);
  const auto id = execs_.create(watch->container->id(), std::move(request));
  if (!id.ok()) return fail(id.error());
  auto exec = execs_.find(*id);
  if (!exec.ok()) return;  // the container has just ended
  check->exec = std::move(exec).value();
  const auto ended = [this, check](int64_t exit_code) {
    if (check->ended.exchange(true)) return;
    workers_.submit([this, check, exit_code] { take_result(check->watch, check->result(exit_code)); });
  };
  if (auto started = execs_.start(check->exec, std::make_unique<BoundedDriver>(check->output), ended); !started.ok()) {
    // It may have ended, and been told of, all the same: a check has one result.
    if (!check->ended.exchange(true)) fail(started.error());
    return;
  }
  watch_time(check);
}

void HealthMonitor::watch_time(const std::shared_ptr<Check>& check) {
  timers_->post([this, check] {
    const auto left = check->watch->plan.timeout - (std::chrono::steady_clock::now() - check->begun);
    timers_->after(left, [this, weak = std::weak_ptr<Check>(check)] {
      const auto late = weak.lock();
      if (!late || late->ended) return;
      late->too_long = true;
      // Its end is its result.
      workers_.submit([this, late] { execs_.kill(*late->exec, SIGKILL); });
    });
  });
}

void HealthMonitor::take_result(const WatchPtr& watch, api::HealthResult result) {
  Container& container = *watch->container;
  {
    const auto turn = container.take_turn(Call());
    if (!turn.ok() || !is_current(*watch) || container.record()->state.phase != Phase::kRunning) return;
    ContainerRecord next = *container.record();
    api::Health& health = next.state.health ? *next.state.health : next.state.health.emplace();
    const std::string before = health.status;
    note_health_result(watch->plan, health, std::move(result), next.state.started_at.value_or(next.created));
    if (health.status == before) {
      container.publish(std::make_shared<const ContainerRecord>(std::move(next)));
    } else {
      registry_.change_state(container, next);
      registry_.announce(next, "health_status: " + health.status);
    }
  }
  plan_next(watch);
}

}  // namespace hull::engine
