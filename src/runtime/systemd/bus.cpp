#include "runtime/systemd/bus.h"

#include <poll.h>

#include "base/sys.h"
#include "base/text.h"

namespace hull::runtime::dbus {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kMostSignals = 4096;

Error error_of(const Message& answer) {
  std::string text = answer.error_name;
  if (answer.signature.substr(0, 1) == "s") {
    Reader body(answer.body);
    text = body.string().value_or(text);
  }
  const bool unknown = answer.error_name == "org.freedesktop.systemd1.NoSuchUnit";
  return {unknown ? Code::kNotFound : Code::kFailedPrecondition, text};
}

}  // namespace

Result<Bus> Bus::connect(const std::string& socket, std::chrono::milliseconds timeout) {
  Bus bus(TRY(sys::connect_unix(socket)), timeout);
  TRY(bus.authenticate());
  Message hello;
  hello.path = "/org/freedesktop/DBus";
  hello.destination = hello.interface = "org.freedesktop.DBus";
  hello.member = "Hello";
  TRY(bus.call(std::move(hello)));
  return bus;
}

/// Source: D-Bus Specification, "Authentication Protocol": a zero byte, then lines. We name no identity, so that the
/// bus takes the socket's: in a user namespace we know our number on the bus's side not.
Result<void> Bus::authenticate() {
  constexpr char kRequest[] = "\0AUTH EXTERNAL\r\nDATA\r\n";
  TRY(sys::write_all(socket_, std::string_view(kRequest, sizeof kRequest - 1)));
  const auto deadline = Clock::now() + timeout_;
  const std::string first = TRY(read_line(deadline));
  const std::string second = first.substr(0, 4) == "DATA" ? TRY(read_line(deadline)) : first;
  if (second.substr(0, 3) != "OK ") return Error(Code::kPermissionDenied, "the bus refuses us: " + second);
  return sys::write_all(socket_, "BEGIN\r\n");
}

Result<std::string> Bus::read_line(Clock::time_point deadline) {
  constexpr size_t kLongestLine = 256;
  std::string line;
  while (line.size() < 2 || line.substr(line.size() - 2) != "\r\n") {
    if (line.size() > kLongestLine) return data_loss("the bus answers AUTH with a line that is too long");
    TRY(read_to(line, line.size() + 1, deadline));
  }
  return line;
}

Result<void> Bus::read_to(std::string& into, size_t size, Clock::time_point deadline) {
  while (into.size() < size) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0 || !TRY(sys::poll(socket_, POLLIN, left)))
      return Error(Code::kDeadlineExceeded, "the bus does not answer");
    char chunk[4096];
    const size_t count = TRY(sys::read(socket_, std::span(chunk).first(std::min(sizeof chunk, size - into.size()))));
    if (count == 0) return unavailable("the bus closed the connection");
    into.append(chunk, count);
  }
  return {};
}

Result<Message> Bus::receive(Clock::time_point deadline) {
  std::string bytes;
  TRY(read_to(bytes, 16, deadline));
  TRY(read_to(bytes, TRY(message_size(bytes)), deadline));
  return parse_message(bytes);
}

Result<std::string> Bus::call(Message message) {
  message.serial = ++serial_;
  TRY(sys::write_all(socket_, format_message(message)));
  const auto deadline = Clock::now() + timeout_;
  for (;;) {
    Message answer = TRY(receive(deadline));
    if (answer.kind == Kind::kSignal) {
      if (signals_.size() < kMostSignals) signals_.push_back(std::move(answer));
      continue;
    }
    if (answer.reply_to != message.serial) continue;
    if (answer.kind == Kind::kError) return error_of(answer).context(message.member);
    return std::move(answer.body);
  }
}

Result<Message> Bus::next_signal(std::string_view member) {
  const auto deadline = Clock::now() + timeout_;
  for (;;) {
    Message message;
    if (signals_.empty()) {
      message = TRY(receive(deadline));
    } else {
      message = std::move(signals_.front());
      signals_.erase(signals_.begin());
    }
    if (message.kind == Kind::kSignal && message.member == member) return message;
  }
}

}  // namespace hull::runtime::dbus
