#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "ipc/http/server.h"
#include "ipc/http/server_exchange.h"

namespace hull::http {

/// One accepted connection. It is either idle (the acceptor's epoll watches for its next request) or busy (one worker
/// thread serves it, and the epoll only watches for the client's going away).
class Connection final : public ConnectionHooks {
 public:
  using Clock = std::chrono::steady_clock;
  enum class Next { kPark, kClose };

  Connection(uint64_t id, std::unique_ptr<Stream> stream, std::string remote, FdRef epoll, const HeadLimits& head);
  uint64_t id() const { return id_; }

  /// An idle connection becomes busy: true, and the caller has it served. A busy one whose client hung up asks its
  /// handler to stop: false.
  bool on_event(uint32_t events);
  /// Requests the stop of the handler in work.
  void request_stop();

  /// Serves what has come. Returns kPark where the next request, or the rest of its head, is still to come.
  Next serve(const RequestHandler& handler, const ServerOptions& options, std::stop_token shutdown);
  /// Whether a part of a head has come; of the thread that serves.
  bool in_head() const { return reader_.in_head(); }
  /// Becomes idle; the next event makes it busy again.
  Result<void> park();
  /// Lets the client read the last answer before the connection goes.
  void close_gently();

  struct Idle {
    Clock::time_point since;
    bool in_head = false;  ///< a part of a request's head has come
  };
  /// Since when it is idle; nullopt while it is busy.
  std::optional<Idle> idle() const;

  void watch_for_close() override;
  void forget() override;

 private:
  Next serve_one(const RequestHandler& handler, const ServerOptions& options, const std::stop_token& shutdown);
  Result<Request> make_request() const;
  void refuse(const Error& error);

  const uint64_t id_;
  const FdRef epoll_;
  const std::string remote_;
  std::unique_ptr<Stream> stream_;
  MessageReader reader_;

  mutable std::mutex mutex_;
  bool busy_ = false;                        // guarded by mutex_
  Idle idle_;                                // guarded by mutex_
  std::stop_source stop_{std::nostopstate};  // guarded by mutex_; of the handler in work
};

}  // namespace hull::http
