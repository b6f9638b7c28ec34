#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "ipc/http/exchange.h"
#include "ipc/http/message_reader.h"
#include "ipc/http/stream.h"

namespace hull::http {

/// What the connection does for its exchange.
class ConnectionHooks {
 public:
  virtual ~ConnectionHooks() = default;
  /// The whole request is here: from now on a client that closes asks the handler to stop.
  virtual void watch_for_close() = 0;
  /// The connection leaves the server (hijack).
  virtual void forget() = 0;
};

/// The server's side of one request.
class ServerExchange final : public Exchange {
 public:
  /// stop: ends the handler; shutdown: also breaks reads and writes off.
  ServerExchange(Stream& stream, MessageReader& reader, ConnectionHooks& hooks, Request request, std::stop_token stop,
                 std::stop_token shutdown, std::chrono::milliseconds body_timeout);

  const Request& request() const override { return request_; }
  Result<std::string> read_body(Bytes limit) override;
  Result<size_t> read_some(std::span<char> buffer) override;
  void set_header(std::string_view name, std::string_view value) override;
  Result<void> send(int status, std::string_view content_type, std::string_view body) override;
  Result<void> begin_stream(int status, std::string_view content_type) override;
  Result<void> write(std::string_view data) override;
  Result<void> end_stream() override;
  Result<Hijacked> hijack(std::string_view content_type) override;
  void abandon() override { state_ = State::kBroken; }
  bool answered() const override { return state_ != State::kUnanswered; }
  std::stop_token stop_token() const override { return stop_; }

  /// After the handler: whether the connection can serve another request. Reads what is left of the body, if little.
  bool finish();
  bool hijacked() const { return state_ == State::kHijacked; }

 private:
  enum class State { kUnanswered, kStreaming, kDone, kHijacked, kBroken };
  std::string format_head(int status, std::string_view content_type);
  Result<void> put(std::string_view data);
  Result<void> drop_body();
  Result<size_t> read_part(std::span<char> buffer, const Call& call);
  Call call() const { return {.stop = shutdown_}; }

  Stream& stream_;
  MessageReader& reader_;
  ConnectionHooks& hooks_;
  const Request request_;
  const std::stop_token stop_;
  const std::stop_token shutdown_;
  const std::chrono::milliseconds body_timeout_;
  std::vector<std::pair<std::string, std::string>> headers_;
  std::string chunk_;
  State state_ = State::kUnanswered;
  bool continue_expected_ = false;
  bool chunked_ = false;
  bool keep_alive_ = false;
};

/// "Not Found" for 404; "Status" for numbers without a name.
std::string_view reason_of(int status);
/// A whole answer for a request that never reached a handler; the connection closes after it.
std::string plain_error(int status, std::string_view message);

}  // namespace hull::http
