#include "engine/stats/network_stats.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace hull::engine {
namespace {

/// Bytes, packets, errors, dropped, and four more, of what came in; the same of what went out.
constexpr size_t kColumns = 16;

std::vector<uint64_t> numbers_of(std::string_view text) {
  std::vector<uint64_t> numbers;
  for (const auto word : split(text, ' '))
    if (!word.empty()) numbers.push_back(parse_integer<uint64_t>(word).value_or(0));
  return numbers;
}

}  // namespace

std::map<std::string, api::NetworkStats> parse_network_devices(std::string_view text) {
  std::map<std::string, api::NetworkStats> devices;
  for (const auto line : split(text, '\n')) {
    const auto parts = cut(line, ":");
    if (!parts) continue;  // the two lines of heads
    const std::string name(trim(parts->before));
    const auto n = numbers_of(parts->after);
    if (name == "lo" || n.size() < kColumns) continue;
    devices[name] = {n[0], n[1], n[2], n[3], n[8], n[9], n[10], n[11]};
  }
  return devices;
}

}  // namespace hull::engine
