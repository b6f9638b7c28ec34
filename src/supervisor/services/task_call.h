#pragma once

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "base/call.h"
#include "base/daemon/thread_pool.h"
#include "ipc/grpc/status.h"
#include "supervisor/tasks/shim.h"

namespace hull::supervisor {

/// A client's call that a shim answers: no thread, and nothing left behind when the client goes away or we end.
/// Peer: Shim, or what answers in its place.
template <class Out, class Peer = Shim>
class PassedCall final : public grpc::ServerUnaryReactor, public std::enable_shared_from_this<PassedCall<Out, Peer>> {
 public:
  /// Fills the client's response; runs at most once, while it is still there.
  using Fill = std::function<void(const Out&)>;

  template <class In>
  static grpc::ServerUnaryReactor* begin(std::shared_ptr<Peer> shim, const char* method, const In& request, Fill fill) {
    const std::shared_ptr<PassedCall> passed(new PassedCall(std::move(shim), std::move(fill)));
    passed->self_ = passed;
    const uint32_t call =
        passed->shim_->template start<Out>(method, request, [weak = std::weak_ptr(passed)](const Result<Out>& answer) {
          if (const auto waiting = weak.lock()) waiting->on_answer(answer);
        });
    std::lock_guard lock(passed->mutex_);
    passed->call_ = call;
    return passed.get();
  }

  void OnCancel() override {
    uint32_t call = 0;
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(finished_, true)) return;
      call = call_;
    }
    shim_->cancel(call);
    Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { self_.reset(); }

 private:
  PassedCall(std::shared_ptr<Peer> shim, Fill fill) : shim_(std::move(shim)), fill_(std::move(fill)) {}
  void on_answer(const Result<Out>& answer) {
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(finished_, true)) return;
    }
    if (answer.ok()) fill_(*answer);
    Finish(answer.ok() ? grpc::Status::OK : ipc::to_status(answer.error()));
  }

  std::shared_ptr<PassedCall> self_;
  const std::shared_ptr<Peer> shim_;
  const Fill fill_;
  std::mutex mutex_;
  uint32_t call_ = 0;      // guarded by mutex_
  bool finished_ = false;  // guarded by mutex_
};

/// A client's call that is work for a thread. It is stopped when the client goes away or we end, and answered when the
/// work has ended: the work undoes itself.
class WorkedCall final : public grpc::ServerUnaryReactor {
 public:
  using Work = std::function<Result<void>(const Call&)>;

  static grpc::ServerUnaryReactor* begin(ThreadPool& pool, std::chrono::system_clock::time_point deadline, Work work);

  void OnCancel() override { stop_.request_stop(); }
  void OnDone() override { delete this; }

 private:
  WorkedCall() = default;
  std::stop_source stop_;
};

/// A call that has failed before it began.
grpc::ServerUnaryReactor* refuse(grpc::CallbackServerContext& context, const Error& error);

}  // namespace hull::supervisor
