#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

/// D-Bus values as bytes, little-endian. Source: D-Bus Specification 0.43, "Marshaling".
namespace hull::runtime::dbus {

/// Appends values, each aligned to its type's boundary from the begin of the text.
class Writer {
 public:
  void byte(uint8_t value) { bytes_ += static_cast<char>(value); }
  void boolean(bool value) { uint32(value ? 1 : 0); }
  void uint16(uint16_t value);
  void uint32(uint32_t value);
  void uint64(uint64_t value);
  /// Also an object path.
  void string(std::string_view text);
  void signature(std::string_view text);
  void align(size_t boundary);
  /// Values that `fill` writes, as an array; alignment: that of the element's type.
  void array(size_t alignment, const std::function<void()>& fill);
  /// A variant: its signature, then what `fill` writes.
  void variant(std::string_view type, const std::function<void()>& fill);

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Takes values in turn. Every length is checked against what is there, so that no message leads out of it.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  Result<uint8_t> byte();
  Result<uint32_t> uint32();
  Result<std::string> string();
  Result<std::string> signature();
  Result<void> align(size_t boundary);
  size_t position() const { return at_; }

 private:
  Result<std::string_view> take(size_t count);
  std::string_view bytes_;
  size_t at_ = 0;
};

enum class Kind : uint8_t { kCall = 1, kReturn = 2, kError = 3, kSignal = 4 };

struct Message {
  Kind kind = Kind::kCall;
  uint32_t serial = 0;
  uint32_t reply_to = 0;
  std::string path{};
  std::string interface {};
  std::string member{};
  std::string destination{};
  std::string error_name{};
  std::string signature{};
  std::string body{};
};

std::string format_message(const Message& message);
/// Bytes of header and body that the first 16 bytes of a message announce.
/// Errors: kDataLoss: not a message of this protocol, big-endian, or longer than 16 MiB.
Result<size_t> message_size(std::string_view first16);
Result<Message> parse_message(std::string_view bytes);

}  // namespace hull::runtime::dbus
