#include "supervisor/services/streaming_service.h"

#include <mutex>

#include "ipc/grpc/status.h"
#include "supervisor/services/convert.h"

namespace hull::supervisor {
namespace {

using google::protobuf::Any;

/// Messages that are read before somebody wants them: the client waits then.
constexpr size_t kReadAhead = 4;

/// One stream. It keeps itself until gRPC is done with it.
class ClientStream final : public grpc::ServerBidiReactor<Any, Any>,
                           public MessageStream,
                           public std::enable_shared_from_this<ClientStream> {
 public:
  static ClientStream* open(StreamHub& hub, Result<Scope> scope) {
    const std::shared_ptr<ClientStream> stream(new ClientStream(hub));
    stream->self_ = stream;
    if (!scope.ok()) {
      stream->finish(ipc::to_status(scope.error()));
      return stream.get();
    }
    stream->ns_ = scope->ns;
    stream->reading_ = true;
    stream->StartRead(&stream->incoming_);
    return stream.get();
  }

  Result<std::optional<Any>> receive(const Call& call) override {
    std::unique_lock lock(mutex_);
    const auto ready = [&] { return !received_.empty() || ended_; };
    if (!wait(lock, call, ready)) return expired(call);
    if (received_.empty()) return std::optional<Any>();
    std::optional<Any> next(std::move(received_.front()));
    received_.pop_front();
    read_on();
    return next;
  }

  Result<void> send(const Call& call, const Any& message) override {
    std::unique_lock lock(mutex_);
    if (!wait(lock, call, [&] { return !writing_ || broken_ || finished_; })) return expired(call);
    if (broken_ || finished_) return unavailable("the stream is closed");
    writing_ = true;
    outgoing_ = message;
    // Under the lock: Finish() must not come between.
    StartWrite(&outgoing_);
    return {};
  }

  void close() override { finish(grpc::Status::OK); }

  void OnReadDone(bool ok) override {
    if (!ok) return end();
    if (!named_) return take_name();
    {
      std::lock_guard lock(mutex_);
      received_.push_back(std::move(incoming_));
      reading_ = false;
      read_on();
    }
    changed_.notify_all();
  }
  void OnWriteDone(bool ok) override {
    std::optional<grpc::Status> ending;
    {
      std::lock_guard lock(mutex_);
      writing_ = false;
      if (!ok) broken_ = true;
      ending.swap(ending_);
    }
    changed_.notify_all();
    if (ending) Finish(*ending);
  }
  void OnCancel() override { finish(grpc::Status::CANCELLED); }
  void OnDone() override {
    if (!id_.empty()) hub_.remove(ns_, id_, *this);
    end();
    self_.reset();
  }

 private:
  explicit ClientStream(StreamHub& hub) : hub_(hub) {}

  template <class Ready>
  bool wait(std::unique_lock<std::mutex>& lock, const Call& call, const Ready& ready) {
    if (call.deadline == std::chrono::steady_clock::time_point::max()) return changed_.wait(lock, call.stop, ready);
    return changed_.wait_until(lock, call.stop, call.deadline, ready);
  }
  static Error expired(const Call& call) {
    if (call.stop.stop_requested()) return cancelled("context canceled");
    return Error(Code::kDeadlineExceeded, "context deadline exceeded");
  }

  /// The first message.
  void take_name() {
    named_ = true;
    streaming_api::StreamInit init;
    const bool known = incoming_.type_url().ends_with("containerd.services.streaming.v1.StreamInit");
    if (!known || !init.ParseFromString(incoming_.value()))
      return finish(ipc::to_status(invalid_argument("the first message must be a StreamInit")));
    if (auto added = hub_.add(ns_, init.id(), shared_from_this()); !added.ok())
      return finish(ipc::to_status(added.error()));
    {
      std::lock_guard lock(mutex_);
      id_ = init.id();
    }
    Any taken;
    taken.set_type_url("google.protobuf.Empty");
    (void)send({}, taken).ok();
    std::lock_guard lock(mutex_);
    reading_ = false;
    read_on();
  }

  /// With mutex_ held, so that Finish() does not come between.
  void read_on() {
    if (reading_ || ended_ || finished_ || received_.size() >= kReadAhead) return;
    reading_ = true;
    incoming_.Clear();
    StartRead(&incoming_);
  }

  /// The client sends no more.
  void end() {
    {
      std::lock_guard lock(mutex_);
      ended_ = true;
      reading_ = false;
    }
    changed_.notify_all();
  }

  void finish(const grpc::Status& status) {
    {
      std::lock_guard lock(mutex_);
      if (std::exchange(finished_, true)) return;
      ended_ = true;
      if (writing_) {
        ending_ = status;  // OnWriteDone() goes on
        changed_.notify_all();
        return;
      }
    }
    changed_.notify_all();
    Finish(status);
  }

  StreamHub& hub_;
  std::shared_ptr<ClientStream> self_;
  std::string ns_;
  bool named_ = false;  // of the reading callbacks
  Any incoming_;        // of the read under way
  Any outgoing_;        // of the write under way

  std::mutex mutex_;
  std::condition_variable_any changed_;
  // Guarded by mutex_.
  std::string id_;
  std::deque<Any> received_;
  bool reading_ = false;
  bool writing_ = false;
  bool broken_ = false;
  bool ended_ = false;
  bool finished_ = false;
  std::optional<grpc::Status> ending_;
};

}  // namespace

grpc::ServerBidiReactor<Any, Any>* StreamingService::Stream(grpc::CallbackServerContext* context) {
  return ClientStream::open(hub_, scope_of(*context));
}

}  // namespace hull::supervisor
