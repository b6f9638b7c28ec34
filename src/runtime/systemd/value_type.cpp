#include "runtime/systemd/value_type.h"

#include <algorithm>

namespace hull::runtime::dbus {
namespace {

constexpr std::string_view kNumbers = "ynqiuxtd";
constexpr std::string_view kTexts = "sog";
constexpr size_t kDeepest = 32;  // D-Bus Specification, "Valid Signatures"
constexpr size_t kLongest = 255;

bool is_basic(char type) {
  return type == 'b' || kNumbers.find(type) != std::string_view::npos || kTexts.find(type) != std::string_view::npos;
}

size_t type_length(std::string_view text, size_t depth);

/// Members up to the closing parenthesis.
size_t structure_length(std::string_view text, size_t depth) {
  size_t at = 1;
  while (at < text.size() && text[at] != ')') {
    const size_t member = type_length(text.substr(at), depth + 1);
    if (member == 0) return 0;
    at += member;
  }
  return at > 1 && at < text.size() ? at + 1 : 0;
}

size_t entry_length(std::string_view text, size_t depth) {
  if (text.size() < 2 || !is_basic(text[1])) return 0;
  const size_t value = type_length(text.substr(2), depth + 1);
  const size_t end = 2 + value;
  return value > 0 && end < text.size() && text[end] == '}' ? end + 1 : 0;
}

size_t type_length(std::string_view text, size_t depth) {
  if (text.empty() || depth > kDeepest) return 0;
  if (is_basic(text[0]) || text[0] == 'v') return 1;
  if (text[0] == '(') return structure_length(text, depth);
  if (text[0] != 'a') return 0;
  const std::string_view element = text.substr(1);
  const size_t length =
      element.substr(0, 1) == "{" ? entry_length(element, depth + 1) : type_length(element, depth + 1);
  return length == 0 ? 0 : length + 1;
}

/// Of a pattern that is known to be well-formed.
size_t pattern_length(std::string_view pattern) {
  size_t at = 0;
  while (pattern[at] == 'a') ++at;
  size_t open = 0;
  do {
    if (pattern[at] == '(' || pattern[at] == '{') ++open;
    if (pattern[at] == ')' || pattern[at] == '}') --open;
    ++at;
  } while (open > 0);
  return at;
}

/// One complete pattern off the front of each.
std::optional<std::string> unify_front(std::string_view& a, std::string_view& b) {
  const auto take = [](std::string_view& from, size_t count) {
    const std::string taken(from.substr(0, count));
    from.remove_prefix(count);
    return taken;
  };
  if (a.empty() || b.empty()) return std::nullopt;
  // What says less goes first; each view still is the rest of one pattern, and which of the two is of no matter.
  if (b[0] == kAnything || (a[0] != kAnything && (b[0] == kAnyNumber || b[0] == kAnyText))) std::swap(a, b);
  const char first = a[0];
  const std::string_view allowed = first == kAnyNumber ? kNumbers : kTexts;
  if (first == kAnything) return take(a, 1), take(b, pattern_length(b));
  if (first == b[0] && first != 'a' && first != '(' && first != '{') return take(a, 1), take(b, 1);
  if (first == kAnyNumber || first == kAnyText) {
    if (allowed.find(b[0]) == std::string_view::npos) return std::nullopt;
    return take(a, 1), take(b, 1);
  }
  if (first != b[0]) return std::nullopt;
  std::string both = (take(a, 1), take(b, 1));
  if (first == 'a') {
    auto element = unify_front(a, b);
    return element ? std::optional(both + *element) : std::nullopt;
  }
  const char close = first == '(' ? ')' : '}';
  while (!a.empty() && !b.empty() && a[0] != close && b[0] != close) {
    const auto member = unify_front(a, b);
    if (!member) return std::nullopt;
    both += *member;
  }
  if (a.empty() || b.empty() || a[0] != b[0]) return std::nullopt;
  return both + (take(a, 1), take(b, 1));
}

}  // namespace

size_t complete_type(std::string_view text) { return type_length(text, 0); }

bool is_signature(std::string_view text) {
  if (text.size() > kLongest) return false;
  while (!text.empty()) {
    const size_t length = complete_type(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::optional<std::string> unify(std::string_view a, std::string_view b) {
  auto both = unify_front(a, b);
  return a.empty() && b.empty() ? both : std::nullopt;
}

std::optional<std::string> settle(std::string pattern) {
  if (pattern.find(kAnything) != std::string::npos) return std::nullopt;
  std::replace(pattern.begin(), pattern.end(), kAnyNumber, 'i');
  std::replace(pattern.begin(), pattern.end(), kAnyText, 's');
  return pattern;
}

size_t alignment_of(char type) {
  switch (type) {
    case 'y':
    case 'g':
    case 'v': return 1;
    case 'n':
    case 'q': return 2;
    case 'x':
    case 't':
    case 'd':
    case '(':
    case '{': return 8;
    default: return 4;
  }
}

}  // namespace hull::runtime::dbus
