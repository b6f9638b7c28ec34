#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/call.h"
#include "base/guarded.h"
#include "base/result.h"
#include "ipc/proto/shim/task.pb.h"
#include "ipc/ttrpc/typed.h"
#include "supervisor/tasks/bundle.h"
#include "supervisor/tasks/shim_command.h"
#include "supervisor/tasks/shim_log.h"

namespace hull::supervisor {

namespace task_api = containerd::task::v2;

/// A running shim and the task in it, by its protocol. Thread-safe.
class Shim : public std::enable_shared_from_this<Shim> {
 public:
  using Exit = Result<task_api::WaitResponse>;

  Shim(Bundle bundle, std::string binary) : bundle(std::move(bundle)), binary(std::move(binary)) {}
  ~Shim() { close(); }

  const Bundle bundle;
  const std::string binary;

  /// on_close: on the loop's thread, when the shim hung up without being told to (close()).
  Result<void> connect(EventLoop& loop, const ShimAddress& address, std::function<void()> on_close);
  /// Before the shim starts, which may wait for a reader of its log.
  Result<void> open_log(EventLoop& loop);
  /// The shim process may have other containers as well: `user` is one object for all of the same socket.
  void share(std::shared_ptr<const std::string> user) { user_ = std::move(user); }
  /// Whether another container's Shim is connected to the same process.
  bool shared() const { return user_.use_count() > 1; }
  /// Somebody else has started it for this container, and ends it.
  void set_given() { given_ = true; }
  bool given() const { return given_; }
  /// Repeat calls do nothing. From any thread.
  void close();
  bool connected() const { return client_ && !client_->closed(); }
  /// Whether it hung up, or was never there, within the call's limits.
  bool await_end(const Call& call) const;

  template <class Out, class In>
  Result<Out> call(const Call& call, const char* method, const In& request) {
    return ttrpc::call<Out>(*client_, call, service(), method, request, metadata());
  }
  /// Returns what cancel() takes. The callback runs on the loop's thread, or at once.
  template <class Out, class In>
  uint32_t start(const char* method, const In& request, std::function<void(Result<Out>)> callback) {
    return ttrpc::start<Out>(*client_, service(), method, request, std::move(callback), metadata());
  }
  /// The same of another service of the shim's, by its full name.
  template <class Out, class In>
  Result<Out> call_service(const Call& call, const char* service, const char* method, const In& request) {
    return ttrpc::call<Out>(*client_, call, service, method, request, metadata());
  }
  template <class Out, class In>
  uint32_t start_service(const char* service, const char* method, const In& request,
                         std::function<void(Result<Out>)> callback) {
    return ttrpc::start<Out>(*client_, service, method, request, std::move(callback), metadata());
  }
  /// The callback runs no more, unless it has begun.
  void cancel(uint32_t call) { client_->cancel(call); }

  /// Tells when the process ends: its first one for an empty exec_id. However many wait, the shim is asked once, so
  /// that clients that come and go leave nothing behind in it. The callback runs on the loop's thread, or at once.
  uint64_t wait(const std::string& exec_id, std::function<void(const Exit&)> callback);
  void cancel_wait(const std::string& exec_id, uint64_t id);

  /// Set by whoever ends the task: its end is then no surprise, and is dealt with once.
  bool begin_removal() { return !removing_.exchange(true); }
  /// Nothing is left of the task, which ended so.
  void removed(const task_api::DeleteResponse& end);
  /// Errors: kDeadlineExceeded, kCancelled.
  Result<task_api::DeleteResponse> await_removal(const Call& call) const;
  /// Where it listens; empty before connect().
  const std::string& socket() const { return address_.socket; }
  int version() const { return address_.version; }

 private:
  /// Version 3 has version 2's messages under another name; its shims answer to nothing else.
  const char* service() const { return address_.version >= 3 ? "containerd.task.v3.Task" : "containerd.task.v2.Task"; }
  using Waiters = std::map<uint64_t, std::function<void(const Exit&)>>;

  ttrpc::Metadata metadata() const { return {{"containerd-namespace-ttrpc", bundle.ns}}; }
  void ask_for_exit(const std::string& exec_id);

  struct End {
    std::mutex mutex;
    std::condition_variable_any wake;
    bool reached = false;                             // guarded by mutex: it hung up
    std::optional<task_api::DeleteResponse> removed;  // guarded by mutex
  };

  std::shared_ptr<ttrpc::Client> client_;
  ShimAddress address_;
  std::shared_ptr<const std::string> user_;
  bool given_ = false;  // before others see this object
  const std::shared_ptr<End> end_ = std::make_shared<End>();
  std::shared_ptr<ShimLog> log_;
  std::atomic<bool> removing_ = false;
  std::atomic<bool> closed_ = false;
  std::atomic<uint64_t> next_wait_ = 0;
  Guarded<std::map<std::string, Waiters>> waits_;
};

}  // namespace hull::supervisor
