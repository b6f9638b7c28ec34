#include "runtime/checkpoint/wire.h"

namespace hull::runtime {
namespace {

enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

}  // namespace

void WireWriter::varint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
  out_ += static_cast<char>(value);
}

void WireWriter::number(uint32_t field, uint64_t value) {
  varint(field << 3 | kVarint);
  varint(value);
}

void WireWriter::text(uint32_t field, std::string_view value) {
  varint(field << 3 | kBytes);
  varint(value.size());
  out_ += value;
}

Result<uint64_t> WireReader::varint() {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) return data_loss("criu message: a number is cut off");
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return data_loss("criu message: a number is too long");
}

Result<std::string_view> WireReader::bytes(uint64_t size) {
  if (size > rest_.size()) return data_loss("criu message: a field is cut off");
  const std::string_view found = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return found;
}

Result<std::optional<WireField>> WireReader::next() {
  for (;;) {
    if (rest_.empty()) return std::optional<WireField>();
    const uint64_t key = TRY(varint());
    WireField field;
    field.number = static_cast<uint32_t>(key >> 3);
    switch (key & 7) {
      case kVarint: field.value = TRY(varint()); return std::optional<WireField>(field);
      case kBytes: field.text = TRY(bytes(TRY(varint()))); return std::optional<WireField>(field);
      case kFixed64: TRY(bytes(8)); break;
      case kFixed32: TRY(bytes(4)); break;
      default: return data_loss("criu message: an unknown kind of field");
    }
  }
}

}  // namespace hull::runtime
