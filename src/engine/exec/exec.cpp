#include "engine/exec/exec.h"

namespace hull::engine {

Result<void> Exec::begin() {
  std::lock_guard lock(mutex_);
  if (state_.stage == Stage::kEnded) return conflict("Error: Exec command " + id_ + " has already run");
  if (state_.stage != Stage::kCreated) return conflict("Error: Exec command " + id_ + " is already running");
  state_.stage = Stage::kStarting;
  return {};
}

void Exec::running(int64_t pid) {
  std::lock_guard lock(mutex_);
  // A short process may have ended before its start was answered.
  state_.pid = pid;
  if (state_.stage == Stage::kStarting) state_.stage = Stage::kRunning;
}

bool Exec::claim_end() {
  std::lock_guard lock(mutex_);
  const bool live = state_.stage == Stage::kStarting || state_.stage == Stage::kRunning;
  return live && !std::exchange(end_claimed_, true);
}

void Exec::ended(int64_t exit_code) {
  std::lock_guard lock(mutex_);
  state_.stage = Stage::kEnded;
  state_.exit_code = exit_code;
  state_.ended_at = now();
}

void Exec::on_end(std::function<void(int64_t)> tell) {
  std::lock_guard lock(mutex_);
  tell_end_.swap(tell);
}

void Exec::tell_end(int64_t exit_code) {
  std::function<void(int64_t)> tell;
  {
    std::lock_guard lock(mutex_);
    tell.swap(tell_end_);
  }
  if (tell) tell(exit_code);
}

Exec::State Exec::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace hull::engine
