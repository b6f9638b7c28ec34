#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "ipc/http/exchange.h"
#include "ipc/http/listener.h"
#include "ipc/http/parser.h"

namespace hull::http {

struct ServerOptions {
  size_t connections = 4096;  ///< beyond, the longest idle ones are closed, then new ones
  HeadLimits head;            ///< of each request
  std::chrono::milliseconds head_timeout = std::chrono::seconds(30);  ///< from the first byte to the head's end
  std::chrono::milliseconds body_timeout = std::chrono::seconds(60);  ///< for a body read as a whole
};

/// Answers one request; runs on a thread of its own for as long as it likes. An exchange that it leaves unanswered is
/// answered with status 500.
using RequestHandler = std::function<void(Exchange&)>;

/// An HTTP/1.1 server. One thread accepts and watches idle connections; a connection with a request gets a thread.
class Server {
 public:
  static Result<std::unique_ptr<Server>> create(RequestHandler handler, ServerOptions options = {});
  /// As stop() without grace.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves what connects to it, from now on.
  Result<void> listen(Listener listener);

  /// Accepts no more, closes idle connections, asks handlers to end (their stop tokens), and waits for them for up to
  /// `grace`; what still works then loses its connection. Repeat calls do nothing.
  void stop(std::chrono::milliseconds grace);

 private:
  struct State;
  explicit Server(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace hull::http
