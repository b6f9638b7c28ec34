#include "engine/stats/samples.h"

namespace hull::engine {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kFresh{100};
// The shortest and the longest time that a ratio is taken over.
constexpr milliseconds kShortest{100};
constexpr milliseconds kLongest{15'000};
constexpr std::chrono::minutes kForgotten{1};

}  // namespace

StatsSample StatsSamples::fresh(const std::string& container, Clock::time_point now) {
  return samples_.with([&](auto& all) {
    std::erase_if(all, [&](const auto& entry) { return now - entry.second.last.taken > kForgotten; });
    const auto found = all.find(container);
    return found == all.end() || now - found->second.last.taken >= kFresh ? StatsSample() : found->second.last;
  });
}

void StatsSamples::add(const std::string& container, const StatsSample& sample) {
  samples_.with([&](auto& all) {
    Pair& pair = all[container];
    pair = {sample, pair.last};
  });
}

StatsSample StatsSamples::before(const std::string& container, const StatsSample& current) {
  const Pair pair = samples_.with([&](const auto& all) {
    const auto found = all.find(container);
    return found == all.end() ? Pair() : found->second;
  });
  for (const StatsSample& earlier : {pair.last, pair.before}) {
    if (!earlier.stats) continue;
    const auto between = current.taken - earlier.taken;
    if (between >= kShortest && between <= kLongest) return earlier;
  }
  return {};
}

}  // namespace hull::engine
