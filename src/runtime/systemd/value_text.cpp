#include "runtime/systemd/value_text.h"

#include <optional>

#include "base/text.h"
#include "runtime/systemd/value_type.h"

namespace hull::runtime::dbus {
namespace {

using Kind = ValueText::Kind;

constexpr int kDeepest = 32;

struct Keyword {
  std::string_view word;
  std::string_view type;
};
constexpr Keyword kKeywords[] = {
    {"boolean", "b"}, {"byte", "y"},   {"int16", "n"},  {"uint16", "q"}, {"int32", "i"},      {"uint32", "u"},
    {"int64", "x"},   {"uint64", "t"}, {"double", "d"}, {"string", "s"}, {"objectpath", "o"}, {"signature", "g"},
};

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

/// UTF-8; nullopt: no character, or the zero, which D-Bus forbids.
std::optional<std::string> encode(uint32_t code) {
  const auto byte = [](uint32_t bits) { return static_cast<char>(bits); };
  const auto tail = [&](int shift) { return byte(0x80 | (code >> shift & 0x3f)); };
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return std::nullopt;
  if (code < 0x80) return std::string{byte(code)};
  if (code < 0x800) return std::string{byte(0xc0 | code >> 6), tail(0)};
  if (code < 0x10000) return std::string{byte(0xe0 | code >> 12), tail(6), tail(0)};
  return std::string{byte(0xf0 | code >> 18), tail(12), tail(6), tail(0)};
}

/// Bytes of the character that the text begins with; 0: it begins with none.
size_t character_length(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = at(0);
  const size_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (length > text.size()) return 0;
  uint32_t code = length == 1 ? first : first & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; ++i) code = code << 6 | (at(i) & 0x3f);
  // Written anew it is the same, or it was not written as it must be.
  const auto again = encode(code);
  return again && *again == text.substr(0, length) ? length : 0;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<ValueText> whole() {
    ValueText value = TRY(next_value());
    skip_space();
    if (!rest().empty()) return unexpected();
    return value;
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\n\r\v\f").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  Error unexpected() const {
    if (rest().empty()) return invalid_argument("ends early");
    return invalid_argument("unexpected \"" + std::string(rest().substr(0, 16)) + "\"");
  }

  Result<ValueText> next_value() {
    if (++depth_ > kDeepest) return invalid_argument("more than 32 levels");
    skip_space();
    auto value = next_literal();
    --depth_;
    return value;
  }

  Result<ValueText> next_literal() {
    const char c = peek();
    if (c == '@') return annotated();
    if (c == '[') return array();
    if (c == '(') return structure();
    if (c == '{') return dictionary();
    if (c == '<') return variant();
    if (c == '\'' || c == '"') {
      auto text = TRY(quoted(Escapes::kText));
      return ValueText{Kind::kText, {kAnyText}, std::move(text)};
    }
    if (c == 'b' && (rest().substr(1, 1) == "'" || rest().substr(1, 1) == "\"")) {
      ++at_;
      // GVariant's byte strings end with a zero.
      const auto bytes = TRY(quoted(Escapes::kBytes));
      return ValueText{Kind::kBytes, "ay", bytes + '\0'};
    }
    if ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.') return number();
    return word();
  }

  Result<ValueText> of_type(std::string_view type) {
    ValueText value = TRY(next_value());
    auto both = unify(value.pattern, type);
    if (!both) return invalid_argument("can't parse \"" + value.text + "\" as type \"" + std::string(type) + "\"");
    value.pattern = *std::move(both);
    return value;
  }

  Result<ValueText> annotated() {
    ++at_;
    const size_t length = complete_type(rest());
    if (length == 0) return invalid_argument("no type of D-Bus: \"" + std::string(rest().substr(0, 16)) + "\"");
    const std::string_view type = rest().substr(0, length);
    at_ += length;
    return of_type(type);
  }

  Result<ValueText> word() {
    size_t length = 0;
    while (length < rest().size() && is_word(rest()[length])) ++length;
    const std::string_view name = rest().substr(0, length);
    if (name.empty()) return unexpected();
    at_ += length;
    if (name == "true" || name == "false") return ValueText{Kind::kBoolean, "b", std::string(name)};
    for (const Keyword& keyword : kKeywords)
      if (keyword.word == name) return of_type(keyword.type);
    return invalid_argument("unrecognized type \"" + std::string(name) + "\"");
  }

  Result<ValueText> number() {
    size_t length = 0;
    const auto belongs = [&](char c) {
      const char before = length > 0 ? rest()[length - 1] : 'e';
      return is_word(c) || c == '.' || ((c == '+' || c == '-') && (before == 'e' || before == 'E'));
    };
    while (length < rest().size() && belongs(rest()[length])) ++length;
    const std::string_view digits = rest().substr(0, length);
    at_ += length;
    const bool hexadecimal = digits.find('x') != std::string_view::npos || digits.find('X') != std::string_view::npos;
    const bool whole = hexadecimal || digits.find_first_of(".eE") == std::string_view::npos;
    if (digits.find_first_not_of("0123456789abcdefABCDEFxX.+-") != std::string_view::npos)
      return invalid_argument("bad number syntax: \"" + std::string(digits) + "\"");
    return ValueText{Kind::kNumber, std::string(1, whole ? kAnyNumber : 'd'), std::string(digits)};
  }

  /// Elements with commas between them, up to the end; `add` takes one.
  template <class Add>
  Result<void> elements(char end, Add add) {
    if (take(end)) return {};
    for (;;) {
      TRY(add());
      if (take(end)) return {};
      if (!take(',')) return unexpected();
    }
  }

  /// Adds a part to a pattern that all parts share.
  Result<void> share(std::string& pattern, const ValueText& part) {
    auto both = unify(pattern, part.pattern);
    if (!both) return invalid_argument("can't parse \"" + part.text + "\" with given type information");
    pattern = *std::move(both);
    return {};
  }

  Result<ValueText> array() {
    ++at_;
    ValueText list{Kind::kList, {}, "[...]"};
    std::string shared(1, kAnything);
    TRY(elements(']', [&]() -> Result<void> {
      list.parts.push_back(TRY(next_value()));
      return share(shared, list.parts.back());
    }));
    list.pattern = "a" + shared;
    return list;
  }

  Result<ValueText> structure() {
    ++at_;
    ValueText list{Kind::kList, "(", "(...)"};
    do {
      list.parts.push_back(TRY(next_value()));
      list.pattern += list.parts.back().pattern;
      if (take(')')) break;
      if (!take(',')) return unexpected();
      // (1,) is a structure of one.
    } while (list.parts.size() > 1 || !take(')'));
    list.pattern += ")";
    return list;
  }

  Result<ValueText> dictionary() {
    ++at_;
    ValueText list{Kind::kList, {}, "{...}"};
    std::string key(1, kAnything);
    std::string value(1, kAnything);
    TRY(elements('}', [&]() -> Result<void> {
      ValueText entry{Kind::kList, {}, "{...}"};
      entry.parts.push_back(TRY(next_value()));
      if (!take(':')) return unexpected();
      entry.parts.push_back(TRY(next_value()));
      TRY(share(key, entry.parts[0]));
      TRY(share(value, entry.parts[1]));
      list.parts.push_back(std::move(entry));
      return {};
    }));
    // An empty one's pattern stays that of any dictionary.
    list.pattern = "a{" + key + value + "}";
    return list;
  }

  Result<ValueText> variant() {
    ++at_;
    ValueText value{Kind::kVariant, "v", "<...>"};
    value.parts.push_back(TRY(next_value()));
    if (!take('>')) return unexpected();
    return value;
  }

  enum class Escapes { kText, kBytes };

  /// After the backslash.
  Result<std::string> escape(Escapes kind) {
    const char c = text_[at_++];
    constexpr std::string_view kNames = "abfnrtv";
    constexpr std::string_view kMeant = "\a\b\f\n\r\t\v";
    if (const size_t known = kNames.find(c); known != std::string_view::npos) return std::string(1, kMeant[known]);
    if (kind == Escapes::kBytes && c >= '0' && c <= '7') return octal(c);
    const size_t digits = kind == Escapes::kBytes ? 0 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits == 0) return c == '\n' ? std::string() : std::string(1, c);
    const auto code = parse_integer<uint32_t>(rest().substr(0, digits), 16);
    const auto encoded = code && rest().size() >= digits ? encode(*code) : std::nullopt;
    if (!encoded) return invalid_argument("bad unicode escape \"" + std::string(rest().substr(0, digits)) + "\"");
    at_ += digits;
    return *encoded;
  }

  /// Up to three digits, of which the first has been taken.
  std::string octal(char first) {
    unsigned code = static_cast<unsigned>(first - '0');
    for (int more = 0; more < 2 && peek() >= '0' && peek() <= '7'; ++more)
      code = code * 8 + static_cast<unsigned>(text_[at_++] - '0');
    return std::string(1, static_cast<char>(code));
  }

  Result<std::string> quoted(Escapes kind) {
    const char quote = text_[at_++];
    std::string out;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == quote) return ++at_, out;
      if (c == '\\') {
        if (++at_ >= text_.size()) break;
        // What has no meaning with a backslash stands for itself, and may be of several bytes.
        if (static_cast<uint8_t>(text_[at_]) < 0x80) {
          out += TRY(escape(kind));
          continue;
        }
      }
      const size_t length = kind == Escapes::kBytes ? 1 : character_length(rest());
      if (length == 0) return invalid_argument("a text is not UTF-8, or has a zero");
      out += rest().substr(0, length);
      at_ += length;
    }
    return invalid_argument("unterminated string");
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<ValueText> parse_value_text(std::string_view text) { return Parser(text).whole(); }

}  // namespace hull::runtime::dbus
