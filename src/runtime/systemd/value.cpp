#include "runtime/systemd/value.h"

#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include "base/text.h"
#include "runtime/systemd/value_text.h"
#include "runtime/systemd/value_type.h"

namespace hull::runtime::dbus {
namespace {

Error unfit(const ValueText& text, std::string_view type) {
  return invalid_argument("can't parse \"" + text.text + "\" as type \"" + std::string(type) + "\"");
}

bool is_object_path(std::string_view path) {
  if (path.empty() || path[0] != '/') return false;
  if (path == "/") return true;
  for (const std::string_view part : split(path.substr(1), '/')) {
    if (part.empty()) return false;
    for (const char c : part)
      if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_') return false;
  }
  return true;
}

struct Integer {
  bool negative = false;
  uint64_t size = 0;
};

/// As C's: 0x… and 0… are of other bases.
std::optional<Integer> parse_number(std::string_view text) {
  Integer number;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    number.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const bool hexadecimal = text[1] == 'x' || text[1] == 'X';
    base = hexadecimal ? 16 : 8;
    text.remove_prefix(hexadecimal ? 2 : 1);
  }
  const auto size = parse_integer<uint64_t>(text, base);
  if (!size) return std::nullopt;
  number.size = *size;
  return number;
}

uint64_t largest_of(char type) {
  switch (type) {
    case 'y': return std::numeric_limits<uint8_t>::max();
    case 'n': return std::numeric_limits<int16_t>::max();
    case 'q': return std::numeric_limits<uint16_t>::max();
    case 'i': return std::numeric_limits<int32_t>::max();
    case 'u': return std::numeric_limits<uint32_t>::max();
    case 'x': return std::numeric_limits<int64_t>::max();
    default: return std::numeric_limits<uint64_t>::max();
  }
}

Result<Value> number_of(const ValueText& text, const std::string& type) {
  if (type == "d") {
    char* end = nullptr;
    const double value = std::strtod(text.text.c_str(), &end);
    if (end == text.text.c_str() || *end != '\0' || !std::isfinite(value)) return unfit(text, type);
    return Value{type, value};
  }
  const auto number = parse_number(text.text);
  if (!number) return unfit(text, type);
  const bool has_sign = type == "n" || type == "i" || type == "x";
  const bool negative = number->negative && number->size > 0;
  if (negative && !has_sign) return unfit(text, type);
  const uint64_t largest = largest_of(type[0]) + (negative ? 1 : 0);
  if (number->size > largest) return unfit(text, type);
  if (!has_sign) return Value{type, number->size};
  return Value{type, negative ? static_cast<int64_t>(-number->size) : static_cast<int64_t>(number->size)};
}

Result<Value> text_of(const ValueText& text, const std::string& type) {
  if (type == "o" && !is_object_path(text.text)) return unfit(text, type);
  if (type == "g" && !is_signature(text.text)) return unfit(text, type);
  return Value{type, text.text};
}

Result<Value> value_of(const ValueText& text, const std::string& type);

/// The types of the parts of a list, in turn; those of an array are all the same.
class PartTypes {
 public:
  explicit PartTypes(std::string_view type)
      : array_(type[0] == 'a'), rest_(array_ ? type.substr(1) : type.substr(1, type.size() - 2)) {}
  std::string next() {
    if (array_) return std::string(rest_);
    const size_t length = complete_type(rest_);
    std::string type(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return type;
  }

 private:
  bool array_;
  std::string_view rest_;
};

Result<Value> list_of(const ValueText& text, const std::string& type) {
  std::vector<Value> parts;
  PartTypes types(type);
  for (const ValueText& part : text.parts) parts.push_back(TRY(value_of(part, types.next())));
  return Value{type, std::move(parts)};
}

Result<Value> bytes_of(const ValueText& text) {
  std::vector<Value> bytes;
  for (const char c : text.text) bytes.push_back({"y", uint64_t{static_cast<uint8_t>(c)}});
  return Value{"ay", std::move(bytes)};
}

/// With the type that its pattern leaves open.
Result<Value> settled(const ValueText& text) {
  const auto type = settle(text.pattern);
  if (!type) return invalid_argument("can't infer type for an empty list");
  if (complete_type(*type) != type->size() || !is_signature(*type))
    return invalid_argument("no type of D-Bus: \"" + *type + "\"");
  return value_of(text, *type);
}

Result<Value> value_of(const ValueText& text, const std::string& type) {
  switch (text.kind) {
    case ValueText::Kind::kBoolean: return Value{type, text.text == "true"};
    case ValueText::Kind::kNumber: return number_of(text, type);
    case ValueText::Kind::kText: return text_of(text, type);
    case ValueText::Kind::kBytes: return bytes_of(text);
    case ValueText::Kind::kList: return list_of(text, type);
    case ValueText::Kind::kVariant: return Value{type, std::vector<Value>{TRY(settled(text.parts.front()))}};
  }
  return internal_error("kind of a value");
}

void write_number(Writer& writer, char type, uint64_t bits) {
  switch (type) {
    case 'y': return writer.byte(static_cast<uint8_t>(bits));
    case 'n':
    case 'q': return writer.uint16(static_cast<uint16_t>(bits));
    case 'i':
    case 'u': return writer.uint32(static_cast<uint32_t>(bits));
    default: return writer.uint64(bits);
  }
}

struct ContentWriter {
  Writer& writer;
  const std::string& type;
  void operator()(bool value) const { writer.boolean(value); }
  void operator()(int64_t value) const { write_number(writer, type[0], static_cast<uint64_t>(value)); }
  void operator()(uint64_t value) const { write_number(writer, type[0], value); }
  void operator()(double value) const { writer.uint64(std::bit_cast<uint64_t>(value)); }
  void operator()(const std::string& value) const { type == "g" ? writer.signature(value) : writer.string(value); }
  void operator()(const std::vector<Value>& parts) const {
    const auto write_all = [&] {
      for (const Value& part : parts) write_value(writer, part);
    };
    if (type == "v") return writer.variant(parts.front().type, write_all);
    if (type[0] == 'a') return writer.array(alignment_of(type[1]), write_all);
    writer.align(alignment_of(type[0]));
    write_all();
  }
};

}  // namespace

Result<Value> parse_value(std::string_view text) { return settled(TRY(parse_value_text(text))); }

void write_value(Writer& writer, const Value& value) { std::visit(ContentWriter{writer, value.type}, value.content); }

}  // namespace hull::runtime::dbus
