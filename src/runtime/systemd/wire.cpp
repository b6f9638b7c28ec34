#include "runtime/systemd/wire.h"

#include <cstring>

namespace hull::runtime::dbus {
namespace {

constexpr size_t kFixedHeader = 16;
constexpr size_t kLongestMessage = 16 << 20;
constexpr uint8_t kProtocolVersion = 1;

enum Field : uint8_t {
  kPath = 1,
  kInterface = 2,
  kMember = 3,
  kErrorName = 4,
  kReplySerial = 5,
  kDestination = 6,
  kSignature = 8,
};

size_t aligned(size_t at, size_t boundary) { return (at + boundary - 1) / boundary * boundary; }

template <class T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

void write_field(Writer& writer, Field field, std::string_view type, const std::string& value) {
  if (value.empty()) return;
  writer.align(8);
  writer.byte(field);
  writer.variant(type, [&] { type == "g" ? writer.signature(value) : writer.string(value); });
}

/// Fields of kinds that we don't know can't be skipped without their type's rules; the bus sends those of the
/// specification alone, of which only UNIX_FDS is a number besides REPLY_SERIAL.
Result<void> read_field(Reader& reader, Message& message) {
  TRY(reader.align(8));
  const uint8_t field = TRY(reader.byte());
  const std::string type = TRY(reader.signature());
  if (type == "u") {
    const uint32_t number = TRY(reader.uint32());
    if (field == kReplySerial) message.reply_to = number;
    return {};
  }
  if (type == "g") {
    std::string value = TRY(reader.signature());
    if (field == kSignature) message.signature = std::move(value);
    return {};
  }
  if (type != "s" && type != "o") return data_loss("D-Bus header field of type \"" + type + "\"");
  std::string value = TRY(reader.string());
  if (field == kPath) message.path = std::move(value);
  if (field == kInterface) message.interface = std::move(value);
  if (field == kMember) message.member = std::move(value);
  if (field == kErrorName) message.error_name = std::move(value);
  if (field == kDestination) message.destination = std::move(value);
  return {};
}

}  // namespace

void Writer::align(size_t boundary) { bytes_.resize(aligned(bytes_.size(), boundary)); }

void Writer::uint16(uint16_t value) {
  align(2);
  bytes_ += bytes_of(value);
}

void Writer::uint32(uint32_t value) {
  align(4);
  bytes_ += bytes_of(value);
}

void Writer::uint64(uint64_t value) {
  align(8);
  bytes_ += bytes_of(value);
}

void Writer::string(std::string_view text) {
  uint32(static_cast<uint32_t>(text.size()));
  bytes_ += text;
  bytes_ += '\0';
}

void Writer::signature(std::string_view text) {
  byte(static_cast<uint8_t>(text.size()));
  bytes_ += text;
  bytes_ += '\0';
}

void Writer::array(size_t alignment, const std::function<void()>& fill) {
  uint32(0);
  const size_t length_at = bytes_.size() - 4;
  // The padding before the first element is not part of the length, and is there for an empty array, too.
  align(alignment);
  const size_t begin = bytes_.size();
  fill();
  const uint32_t length = static_cast<uint32_t>(bytes_.size() - begin);
  bytes_.replace(length_at, 4, bytes_of(length));
}

void Writer::variant(std::string_view type, const std::function<void()>& fill) {
  signature(type);
  fill();
}

Result<std::string_view> Reader::take(size_t count) {
  if (count > bytes_.size() - at_) return data_loss("D-Bus message ends early");
  at_ += count;
  return bytes_.substr(at_ - count, count);
}

Result<void> Reader::align(size_t boundary) {
  TRY(take(aligned(at_, boundary) - at_));
  return {};
}

Result<uint8_t> Reader::byte() { return static_cast<uint8_t>(TRY(take(1))[0]); }

Result<uint32_t> Reader::uint32() {
  TRY(align(4));
  uint32_t value = 0;
  std::memcpy(&value, TRY(take(sizeof value)).data(), sizeof value);
  return value;
}

Result<std::string> Reader::string() {
  const uint32_t length = TRY(uint32());
  std::string text(TRY(take(length)));
  TRY(take(1));
  return text;
}

Result<std::string> Reader::signature() {
  const uint8_t length = TRY(byte());
  std::string text(TRY(take(length)));
  TRY(take(1));
  return text;
}

std::string format_message(const Message& message) {
  Writer writer;
  writer.byte('l');
  writer.byte(static_cast<uint8_t>(message.kind));
  writer.byte(0);
  writer.byte(kProtocolVersion);
  writer.uint32(static_cast<uint32_t>(message.body.size()));
  writer.uint32(message.serial);
  writer.array(8, [&] {
    write_field(writer, kPath, "o", message.path);
    write_field(writer, kInterface, "s", message.interface);
    write_field(writer, kMember, "s", message.member);
    write_field(writer, kErrorName, "s", message.error_name);
    write_field(writer, kDestination, "s", message.destination);
    write_field(writer, kSignature, "g", message.signature);
    if (message.reply_to == 0) return;
    writer.align(8);
    writer.byte(kReplySerial);
    writer.variant("u", [&] { writer.uint32(message.reply_to); });
  });
  writer.align(8);
  return writer.bytes() + message.body;
}

Result<size_t> message_size(std::string_view first16) {
  Reader reader(first16);
  if (TRY(reader.byte()) != 'l') return data_loss("D-Bus message is not little-endian");
  TRY(reader.byte());
  TRY(reader.byte());
  if (TRY(reader.byte()) != kProtocolVersion) return data_loss("D-Bus message of another version");
  const size_t body = TRY(reader.uint32());
  TRY(reader.uint32());
  const size_t fields = TRY(reader.uint32());
  const size_t whole = aligned(kFixedHeader + fields, 8) + body;
  if (whole > kLongestMessage) return data_loss("D-Bus message of " + std::to_string(whole) + " bytes is too long");
  return whole;
}

Result<Message> parse_message(std::string_view bytes) {
  if (TRY(message_size(bytes)) != bytes.size()) return data_loss("D-Bus message of another length than it says");
  Reader reader(bytes);
  Message message;
  TRY(reader.byte());
  message.kind = static_cast<Kind>(TRY(reader.byte()));
  TRY(reader.byte());
  TRY(reader.byte());
  TRY(reader.uint32());
  message.serial = TRY(reader.uint32());
  const size_t end = kFixedHeader + TRY(reader.uint32());
  while (reader.position() < end) TRY(read_field(reader, message));
  if (reader.position() > end) return data_loss("D-Bus header field leads out of the header");
  TRY(reader.align(8));
  message.body = bytes.substr(reader.position());
  return message;
}

}  // namespace hull::runtime::dbus
