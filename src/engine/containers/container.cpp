#include "engine/containers/container.h"

namespace hull::engine {
namespace {

/// False where the call ended first.
template <class Condition>
bool wait_for(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock, const Call& call,
              const Condition& condition) {
  if (call.deadline == std::chrono::steady_clock::time_point::max()) return changed.wait(lock, call.stop, condition);
  return changed.wait_until(lock, call.stop, call.deadline, condition);
}

Error ended(const Call& call, const std::string& id) {
  if (call.stop.stop_requested()) return cancelled("wait for container " + id + ": cancelled");
  return {Code::kDeadlineExceeded, "wait for container " + id + ": timed out"};
}

}  // namespace

RecordPtr Container::record() const {
  std::lock_guard lock(mutex_);
  return record_;
}

Container::Turn::~Turn() {
  if (!container_) return;
  {
    std::lock_guard lock(container_->mutex_);
    container_->busy_ = false;
  }
  container_->changed_.notify_all();
}

Result<Container::Turn> Container::take_turn(const Call& call) {
  std::unique_lock lock(mutex_);
  if (!wait_for(changed_, lock, call, [this] { return !busy_; })) return ended(call, id_);
  busy_ = true;
  return Turn(shared_from_this());
}

Result<Container::Turn> Container::take_turn_if_exists(const Call& call) {
  auto turn = TRY(take_turn(call));
  if (moment().removed) return not_found("No such container: " + id_);
  return turn;
}

void Container::publish(RecordPtr next) {
  {
    std::lock_guard lock(mutex_);
    CHECK(allowed(record_->state.phase, next->state.phase));
    record_ = std::move(next);
  }
  changed_.notify_all();
}

void Container::count_exit() {
  {
    std::lock_guard lock(mutex_);
    ++moment_.exits;
    moment_.last_exit_code = record_->state.exit_code;
  }
  changed_.notify_all();
}

void Container::mark_removed() {
  {
    std::lock_guard lock(mutex_);
    moment_.removed = true;
  }
  changed_.notify_all();
}

Container::Moment Container::moment() const {
  std::lock_guard lock(mutex_);
  return moment_;
}

Result<Container::Moment> Container::wait(const Call& call,
                                          const std::function<bool(const ContainerRecord&, const Moment&)>& condition) {
  std::unique_lock lock(mutex_);
  if (!wait_for(changed_, lock, call, [&] { return condition(*record_, moment_); })) return ended(call, id_);
  return moment_;
}

std::shared_ptr<const logs::Progress> Container::log_progress() const {
  std::lock_guard lock(mutex_);
  return progress_;
}

void Container::set_log_progress(std::shared_ptr<const logs::Progress> progress) {
  std::lock_guard lock(mutex_);
  progress_ = std::move(progress);
}

}  // namespace hull::engine
