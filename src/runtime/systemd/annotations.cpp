#include "runtime/systemd/annotations.h"

#include <cmath>

namespace hull::runtime::systemd {
namespace {

constexpr std::string_view kPrefix = "org.systemd.property.";
constexpr std::string_view kSeconds = "Sec";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

Result<void> check_name(std::string_view name) {
  constexpr size_t kShortest = 3;
  if (name.size() < kShortest) return invalid_argument("too short");
  for (const char c : name)
    if (!is_letter(c)) return invalid_argument("contains non-alphabetic character");
  return {};
}

/// TimeoutStopSec, not TimeoutStopUSec.
bool is_in_seconds(std::string_view name) {
  if (name.size() <= kSeconds.size() || name.substr(name.size() - kSeconds.size()) != kSeconds) return false;
  const char before = name[name.size() - kSeconds.size() - 1];
  return before >= 'a' && before <= 'z';
}

Result<uint64_t> to_microseconds(const dbus::Value& value) {
  constexpr uint64_t kSecond = 1000000;
  uint64_t seconds = 0;
  if (const auto* size = std::get_if<uint64_t>(&value.content)) {
    seconds = *size;
  } else if (const auto* number = std::get_if<int64_t>(&value.content)) {
    if (*number < 0) return invalid_argument("a time can't be negative");
    seconds = static_cast<uint64_t>(*number);
  } else if (const auto* real = std::get_if<double>(&value.content)) {
    constexpr double kMost = 1e12;  // seconds: 30,000 years
    if (!(*real >= 0) || *real > kMost) return invalid_argument("a time out of range");
    return static_cast<uint64_t>(*real * static_cast<double>(kSecond));
  } else {
    return invalid_argument("not a number");
  }
  if (seconds > UINT64_MAX / kSecond) return invalid_argument("a time out of range");
  return seconds * kSecond;
}

Result<Property> property_of(std::string name, std::string_view text) {
  dbus::Value value = TRY(dbus::parse_value(text));
  if (!is_in_seconds(name)) return Property{std::move(name), std::move(value)};
  const uint64_t time = TRY(to_microseconds(value));
  name.replace(name.size() - kSeconds.size(), kSeconds.size(), "USec");
  return Property{std::move(name), time};
}

}  // namespace

Result<std::vector<Property>> annotated_properties(const std::map<std::string, std::string>& annotations) {
  std::vector<Property> all;
  for (const auto& [key, text] : annotations) {
    if (key.compare(0, kPrefix.size(), kPrefix) != 0) continue;
    std::string name = key.substr(kPrefix.size());
    TRY(check_name(name).context("annotation " + key + " name incorrect"));
    all.push_back(
        TRY(property_of(std::move(name), text).context("annotation " + key + "=" + text + " value parse error")));
  }
  return all;
}

}  // namespace hull::runtime::systemd
