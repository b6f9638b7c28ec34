#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hull {

/// The parts between separators; one empty part for empty text.
std::vector<std::string_view> split(std::string_view text, char separator);
struct Cut {
  std::string_view before;
  std::string_view after;
};
/// Around the first separator; nullopt where there is none.
std::optional<Cut> cut(std::string_view text, std::string_view separator);
/// Their parts would outlive the text.
template <std::same_as<std::string> Temporary>
std::vector<std::string_view> split(Temporary&& text, char separator) = delete;
template <std::same_as<std::string> Temporary>
std::optional<Cut> cut(Temporary&& text, std::string_view separator) = delete;
std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
/// Lower-case hexadecimal.
std::string to_hex(std::string_view bytes);

/// The whole text as a number; nullopt where it is none or out of range.
template <std::integral T>
std::optional<T> parse_integer(std::string_view text, int base = 10) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace hull
