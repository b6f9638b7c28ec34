#include "mutator.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace hull::fuzz {
namespace {

using namespace std::string_view_literals;

/// What has broken parsers of JSON, of paths, of numbers and of length-prefixed messages.
constexpr std::string_view kTokens[] = {
    "null"sv,       "-1"sv,         "18446744073709551616"sv,
    "1e999"sv,      "\"\""sv,       "{}"sv,
    "[]"sv,         "[[[["sv,       "\\u0000"sv,
    "\\ud800"sv,    "true"sv,       "0.5"sv,
    "\"..\""sv,     ","sv,          "\xff\xfe"sv,
    "\"/\""sv,      "\"a\\n\""sv,   ":"sv,
    "4294967295"sv, "4294967296"sv, "9223372036854775807"sv,
    "\0\0\0\0"sv,   "../../../"sv,  "\xff\xff\xff\xff\x0f"sv,
};
constexpr size_t kLongest = 1 << 20;

}  // namespace

size_t Mutator::pick(size_t count) { return count == 0 ? 0 : random_() % count; }

std::string Mutator::bend(std::string text, const std::string& other) {
  for (size_t times = 1 + pick(4); times > 0; --times) bend_once(text, other);
  if (text.size() > kLongest) text.resize(kLongest);
  return text;
}

void Mutator::bend_once(std::string& text, const std::string& other) {
  const size_t at = pick(text.size());
  const size_t length = pick(std::min<size_t>(40, text.size() - at) + 1);
  switch (pick(9)) {
    case 0: text.erase(at, length); break;
    case 1: text.insert(at, text.substr(pick(text.size()), length)); break;
    case 2: text.insert(at, kTokens[pick(std::size(kTokens))]); break;
    case 3: text.resize(at); break;
    case 4:
      if (!text.empty()) text[at] = static_cast<char>(random_());
      break;
    case 5:
      if (!text.empty()) text[at] = static_cast<char>(text[at] ^ (1 << pick(8)));
      break;
    case 6: text = text.substr(0, at) + other.substr(pick(other.size())); break;
    default: replace_value(text, at); break;  // twice as likely: a document stays well-formed by it
  }
}

/// The value after the next colon becomes a token, or another value of the same text.
void Mutator::replace_value(std::string& text, size_t at) {
  const auto value_after = [&](size_t from) -> std::pair<size_t, size_t> {
    const size_t colon = text.find(':', from);
    const size_t end = colon == std::string::npos ? colon : text.find_first_of(",}]", colon);
    return end == std::string::npos ? std::pair<size_t, size_t>(0, 0) : std::pair<size_t, size_t>(colon + 1, end);
  };
  const auto [begin, end] = value_after(at);
  if (end == 0) return;
  const auto [other_begin, other_end] = value_after(pick(text.size()));
  const std::string other = text.substr(other_begin, other_end - other_begin);
  text.replace(begin, end - begin, pick(2) ? other : std::string(kTokens[pick(std::size(kTokens))]));
}

}  // namespace hull::fuzz
