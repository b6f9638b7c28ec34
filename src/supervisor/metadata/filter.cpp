#include "supervisor/metadata/filter.h"

#include <re2/re2.h>

#include <algorithm>

namespace hull::supervisor {

enum class Operator { kPresent, kEqual, kNotEqual, kMatches };

struct Filter::Selector {
  std::vector<std::string> path;
  Operator op = Operator::kPresent;
  std::string value;
  std::unique_ptr<RE2> regex;
};

namespace {

constexpr size_t kMaxText = 8192;
constexpr size_t kMaxPatterns = 4096;

bool is_field_char(char c) {
  return c == '-' || c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_operator_char(char c) { return c == '=' || c == '!' || c == '~'; }
bool is_quote(char c) { return c == '"' || c == '/' || c == '|'; }

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  void skip_spaces() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool done() const { return at_ >= text_.size(); }
  bool take(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  char peek() const { return done() ? '\0' : text_[at_]; }

  Result<std::vector<std::string>> path() {
    std::vector<std::string> fields;
    do fields.push_back(TRY(field()));
    while (take('.'));
    return fields;
  }

  Result<Operator> op() {
    const size_t begin = at_;
    while (is_operator_char(peek())) ++at_;
    const std::string symbol = text_.substr(begin, at_ - begin);
    if (symbol == "==") return Operator::kEqual;
    if (symbol == "!=") return Operator::kNotEqual;
    if (symbol == "~=") return Operator::kMatches;
    at_ = begin;
    if (symbol.empty()) return error("expected an operator (\"==\"|\"!=\"|\"~=\")");
    return error("unsupported operator \"" + symbol + "\"");
  }

  Result<std::string> value() {
    skip_spaces();
    if (is_quote(peek())) return quoted();
    const size_t begin = at_;
    while (!done() && peek() != ',' && !is_space(peek())) ++at_;
    if (at_ == begin) return error("expected value or quoted");
    return text_.substr(begin, at_ - begin);
  }

  Error error(const std::string& what) const {
    std::string where = text_;
    if (at_ < text_.size()) where = text_.substr(0, at_) + " >|" + text_[at_] + "|< " + text_.substr(at_ + 1);
    return invalid_argument("filters: parse error: [" + where + "]: " + what);
  }

 private:
  Result<std::string> field() {
    skip_spaces();
    if (is_quote(peek())) return quoted();
    const size_t begin = at_;
    while (is_field_char(peek())) ++at_;
    if (at_ == begin) return error("expected field or quoted");
    return text_.substr(begin, at_ - begin);
  }

  Result<std::string> quoted() {
    const char quote = text_[at_++];
    std::string out;
    while (!take(quote)) {
      if (done() || peek() == '\n') return error("quoted literal not terminated");
      if (!take('\\')) {
        out += text_[at_++];
        continue;
      }
      TRY(escape(quote, out));
    }
    return out;
  }

  Result<void> escape(char quote, std::string& out) {
    static constexpr std::string_view kNames = "abfnrtv\\";
    static constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\";
    const char c = peek();
    if (done()) return error("quoted literal not terminated");
    if (c == quote) return out += c, ++at_, Result<void>();
    if (const size_t known = kNames.find(c); known != kNames.npos) return out += kValues[known], ++at_, Result<void>();
    if (c == 'x') return ++at_, number(16, 2, out);
    if (c >= '0' && c <= '7') return number(8, 3, out);
    // In a pattern between slashes, \d and \. are the pattern's own.
    if (quote != '"') return out += '\\', Result<void>();
    return error("illegal escape sequence");
  }

  Result<void> number(int base, int digits, std::string& out) {
    int value = 0;
    for (int i = 0; i < digits; ++i, ++at_) {
      const char c = peek();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : 99;
      if (digit >= base) return error("illegal numeric escape sequence");
      value = value * base + digit;
    }
    if (value > 255) return error("illegal numeric escape sequence");
    out += static_cast<char>(value);
    return {};
  }

  const std::string& text_;
  size_t at_ = 0;
};

}  // namespace

Result<Filter> Filter::parse(const std::string& text) {
  Filter filter;
  if (text.empty()) return filter;
  if (text.size() > kMaxText) return invalid_argument("filters: an expression is longer than 8192 bytes");
  Parser parser(text);
  do {
    auto selector = std::make_shared<Selector>();
    selector->path = TRY(parser.path());
    parser.skip_spaces();
    if (!parser.done() && parser.peek() != ',') {
      selector->op = TRY(parser.op());
      selector->value = TRY(parser.value());
      parser.skip_spaces();
    }
    if (selector->op == Operator::kMatches) {
      RE2::Options options;
      options.set_log_errors(false);
      options.set_max_mem(1 << 20);
      selector->regex = std::make_unique<RE2>(selector->value, options);
      if (!selector->regex->ok())
        return invalid_argument("filters: \"" + selector->value + "\": " + selector->regex->error());
    }
    filter.selectors_.push_back(std::move(selector));
  } while (parser.take(','));
  if (!parser.done()) return parser.error(std::string("unexpected input: ") + parser.peek());
  return filter;
}

bool Filter::matches(const FieldOf& field) const {
  return std::all_of(selectors_.begin(), selectors_.end(), [&](const auto& selector) {
    const auto value = field(selector->path);
    switch (selector->op) {
      case Operator::kPresent: return value.has_value();
      case Operator::kEqual: return value && *value == selector->value;
      case Operator::kNotEqual: return value.value_or("") != selector->value;
      case Operator::kMatches: return value && RE2::PartialMatch(*value, *selector->regex);
    }
    return false;
  });
}

Result<Filters> Filters::parse(std::span<const std::string> texts) {
  Filters filters;
  size_t patterns = 0;
  for (const std::string& text : texts) {
    filters.filters_.push_back(TRY(Filter::parse(text)));
    for (const auto& selector : filters.filters_.back().selectors_) patterns += selector->regex ? 1 : 0;
    // A message has room for millions, each of which is a program of its own.
    if (patterns > kMaxPatterns) return invalid_argument("filters: more than 4096 patterns");
  }
  return filters;
}

bool Filters::matches(const FieldOf& field) const {
  if (filters_.empty()) return true;
  return std::any_of(filters_.begin(), filters_.end(), [&](const Filter& filter) { return filter.matches(field); });
}

}  // namespace hull::supervisor
