#include "supervisor/tasks/shim.h"

#include "base/log.h"

namespace hull::supervisor {

Result<void> Shim::connect(EventLoop& loop, const ShimAddress& address, std::function<void()> on_close) {
  address_ = address;
  client_ = TRY(ttrpc::Client::connect(loop, address.socket, [end = end_, on_close = std::move(on_close)] {
    {
      std::lock_guard lock(end->mutex);
      end->reached = true;
    }
    end->wake.notify_all();
    on_close();
  }));
  return {};
}

void Shim::removed(const task_api::DeleteResponse& end) {
  {
    std::lock_guard lock(end_->mutex);
    end_->removed = end;
  }
  end_->wake.notify_all();
}

Result<task_api::DeleteResponse> Shim::await_removal(const Call& call) const {
  std::unique_lock lock(end_->mutex);
  if (end_->wake.wait_until(lock, call.stop, call.deadline, [&] { return end_->removed.has_value(); }))
    return *end_->removed;
  if (call.stop.stop_requested()) return cancelled("context canceled");
  return Error(Code::kDeadlineExceeded, "context deadline exceeded");
}

bool Shim::await_end(const Call& call) const {
  if (!client_) return true;
  std::unique_lock lock(end_->mutex);
  return end_->wake.wait_until(lock, call.stop, call.deadline, [&] { return end_->reached; });
}

Result<void> Shim::open_log(EventLoop& loop) {
  log_ = TRY(ShimLog::open(loop, bundle));
  return {};
}

void Shim::close() {
  // The supervisor's own end and the clean-up of a shim that died may both get here, each on a thread of its own.
  if (closed_.exchange(true)) return;
  if (client_) client_->close();
  if (log_) ShimLog::close(std::move(log_));
}

uint64_t Shim::wait(const std::string& exec_id, std::function<void(const Exit&)> callback) {
  const uint64_t id = ++next_wait_;
  const bool first = waits_.with([&](auto& waits) {
    // Where the entry is there already the question is under way, even if all who asked have gone.
    const auto [entry, added] = waits.try_emplace(exec_id);
    entry->second.emplace(id, std::move(callback));
    return added;
  });
  if (first) ask_for_exit(exec_id);
  return id;
}

void Shim::ask_for_exit(const std::string& exec_id) {
  task_api::WaitRequest request;
  request.set_id(bundle.id);
  request.set_exec_id(exec_id);
  start<task_api::WaitResponse>("Wait", request, [self = weak_from_this(), exec_id](const Exit& exit) {
    const auto shim = self.lock();
    if (!shim) return;
    const auto waiters = shim->waits_.with([&](auto& waits) {
      auto node = waits.extract(exec_id);
      return node ? std::move(node.mapped()) : Waiters();
    });
    for (const auto& [id, callback] : waiters) callback(exit);
  });
}

void Shim::cancel_wait(const std::string& exec_id, uint64_t id) {
  waits_.with([&](auto& waits) {
    const auto found = waits.find(exec_id);
    if (found != waits.end()) found->second.erase(id);
  });
}

}  // namespace hull::supervisor
