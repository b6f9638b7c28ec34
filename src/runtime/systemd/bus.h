#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "runtime/systemd/wire.h"

namespace hull::runtime::dbus {

/// A connection to a message bus, for one caller that waits for each answer.
class Bus {
 public:
  /// Authenticates as our user (SASL EXTERNAL) and says Hello.
  static Result<Bus> connect(const std::string& socket, std::chrono::milliseconds timeout);

  /// The body of the answer. Errors: the bus's own text; kNotFound for systemd's NoSuchUnit; kDeadlineExceeded.
  Result<std::string> call(Message message);
  /// The next signal of that name. Signals that come while call() waits are kept for it.
  Result<Message> next_signal(std::string_view member);

 private:
  Bus(UniqueFd socket, std::chrono::milliseconds timeout) : socket_(std::move(socket)), timeout_(timeout) {}
  Result<void> authenticate();
  Result<std::string> read_line(std::chrono::steady_clock::time_point deadline);
  Result<Message> receive(std::chrono::steady_clock::time_point deadline);
  Result<void> read_to(std::string& into, size_t size, std::chrono::steady_clock::time_point deadline);

  UniqueFd socket_;
  std::chrono::milliseconds timeout_;
  uint32_t serial_ = 0;
  std::vector<Message> signals_{};
};

}  // namespace hull::runtime::dbus
