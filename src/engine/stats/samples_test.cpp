#include "engine/stats/samples.h"

#include <gtest/gtest.h>

namespace hull::engine {
namespace {

using std::chrono::milliseconds;
const StatsSample::Clock::time_point kBegin{std::chrono::hours(1)};

StatsSample taken_after(milliseconds time) { return {std::make_shared<const api::ContainerStats>(), kBegin + time}; }

TEST(StatsSamples, AFreshOneServesAll) {
  StatsSamples samples;
  EXPECT_EQ(samples.fresh("a", kBegin).stats, nullptr);
  const StatsSample first = taken_after(milliseconds(0));
  samples.add("a", first);
  EXPECT_EQ(samples.fresh("a", kBegin + milliseconds(99)).stats, first.stats);
  EXPECT_EQ(samples.fresh("a", kBegin + milliseconds(100)).stats, nullptr);
}

TEST(StatsSamples, BeforeIsSomeTimeBefore) {
  StatsSamples samples;
  const StatsSample first = taken_after(milliseconds(0));
  const StatsSample second = taken_after(milliseconds(150));
  const StatsSample third = taken_after(milliseconds(200));
  for (const StatsSample& sample : {first, second}) samples.add("a", sample);
  EXPECT_EQ(samples.before("a", third).stats, first.stats) << "the second is too near";
  EXPECT_EQ(samples.before("a", taken_after(milliseconds(250))).stats, second.stats);
  EXPECT_EQ(samples.before("a", taken_after(milliseconds(15'151))).stats, nullptr);
}

TEST(StatsSamples, AskingForAForgottenOneLeavesNothingBehind) {
  StatsSamples samples;
  const StatsSample first = taken_after(milliseconds(0));
  samples.add("a", first);
  EXPECT_EQ(samples.fresh("b", kBegin + std::chrono::minutes(2)).stats, nullptr);  // forgets a
  EXPECT_EQ(samples.before("a", taken_after(milliseconds(500))).stats, nullptr);
  EXPECT_EQ(samples.fresh("a", kBegin + std::chrono::minutes(2)).stats, nullptr);
}

}  // namespace
}  // namespace hull::engine
