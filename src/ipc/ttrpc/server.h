#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/event_loop.h"
#include "base/fd.h"
#include "base/result.h"
#include "ipc/ttrpc/envelope.h"

namespace hull::ttrpc {

class Connection;
struct PendingCall;

/// Answers one call, now or later, on the loop's thread. Copies answer the same call; the first answer counts. When the
/// last copy goes without an answer, the caller gets kInternal. A caller that has gone is no error.
class Responder {
 public:
  explicit Responder(std::shared_ptr<PendingCall> call) : call_(std::move(call)) {}
  void reply(std::string_view payload) const;
  void fail(const Error& error) const;
  /// Whether somebody still waits: not answered, not timed out, not disconnected.
  bool awaited() const;

 private:
  std::shared_ptr<PendingCall> call_;
};

/// A call as it came in; the views live until the handler returns.
struct IncomingCall {
  std::string_view payload;
  const Metadata& metadata;
};

/// Serves unary calls on a listening unix socket, within an event loop. Hostile input costs a peer its connection,
/// never more memory than the limits say.
class Server {
 public:
  using Handler = std::function<void(const IncomingCall&, Responder)>;
  struct Options {
    size_t max_connections = 64;
    size_t max_calls = 1024;               ///< in flight, a connection
    size_t max_unsent = size_t{16} << 20;  ///< bytes of answers that the peer has not read
    /// Runs when a peer has connected (a supervisor came back).
    std::function<void()> on_connect;
  };

  Server(EventLoop& loop, UniqueFd listener, Options options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void handle(const std::string& service, const std::string& method, Handler handler);
  Result<void> start();
  /// No more connections or calls; those that are there live until their peers close.
  void stop_accepting();

 private:
  friend class Connection;
  void accept_one();
  void rest();
  const Handler* find(std::string_view service, std::string_view method, Error& error) const;

  EventLoop& loop_;
  UniqueFd listener_;
  Options options_;
  std::map<std::string, std::map<std::string, Handler, std::less<>>, std::less<>> services_;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
  std::optional<EventLoop::TimerId> resting_;
};

}  // namespace hull::ttrpc
