#include "engine/containers/health.h"

#include <gtest/gtest.h>

namespace hull::engine {
namespace {

using namespace std::chrono_literals;
const Timestamp kStart(1000s);

api::Config config_with(std::vector<std::string> test) {
  api::Config config;
  config.healthcheck.emplace().test = std::move(test);
  return config;
}

api::HealthResult result_at(std::chrono::seconds after, int64_t code) {
  return {.start = kStart + after, .end = kStart + after, .exit_code = code, .output = std::to_string(after.count())};
}

TEST(HealthPlan, HasDockersDefaults) {
  EXPECT_FALSE(has_health_check(api::Config()));
  EXPECT_FALSE(has_health_check(config_with({})));
  EXPECT_FALSE(has_health_check(config_with({"NONE"})));
  const auto plan = health_plan(config_with({"CMD-SHELL", "exit 1"}));
  EXPECT_EQ(plan.command, (std::vector<std::string>{"/bin/sh", "-c", "exit 1"}));
  EXPECT_EQ(plan.interval, 30s);
  EXPECT_EQ(plan.timeout, 30s);
  EXPECT_EQ(plan.start_period, 0s);
  EXPECT_EQ(plan.start_interval, 5s);
  EXPECT_EQ(plan.retries, 3);
  EXPECT_EQ(health_plan(config_with({"CMD", "a", "b"})).command, (std::vector<std::string>{"a", "b"}));
  auto own_shell = config_with({"CMD-SHELL", "x"});
  own_shell.shell = {"/bin/ash", "-ec"};
  EXPECT_EQ(health_plan(own_shell).command, (std::vector<std::string>{"/bin/ash", "-ec", "x"}));
}

TEST(Health, FailsAfterItsRetriesAndRecoversAtOnce) {
  const auto plan = health_plan(config_with({"CMD", "x"}));
  api::Health health{.status = std::string(kHealthStarting)};
  note_health_result(plan, health, result_at(1s, 1), kStart);
  note_health_result(plan, health, result_at(2s, 1), kStart);
  EXPECT_EQ(health.status, kHealthStarting);
  EXPECT_EQ(health.failing_streak, 2);
  note_health_result(plan, health, result_at(3s, 127), kStart);
  EXPECT_EQ(health.status, kHealthUnhealthy);
  note_health_result(plan, health, result_at(4s, 0), kStart);
  EXPECT_EQ(health.status, kHealthHealthy);
  EXPECT_EQ(health.failing_streak, 0);
  note_health_result(plan, health, result_at(5s, -1), kStart);
  EXPECT_EQ(health.status, kHealthHealthy);
}

TEST(Health, KeepsFiveResults) {
  const auto plan = health_plan(config_with({"CMD", "x"}));
  api::Health health{.status = std::string(kHealthStarting)};
  for (int i = 1; i <= 8; ++i) note_health_result(plan, health, result_at(std::chrono::seconds(i), 0), kStart);
  ASSERT_EQ(health.log.size(), 5u);
  EXPECT_EQ(health.log.front().output, "4");
  EXPECT_EQ(health.log.back().output, "8");
}

TEST(Health, FailuresInTheStartPeriodDoNotCount) {
  auto config = config_with({"CMD", "x"});
  config.healthcheck->start_period = std::chrono::nanoseconds(10s).count();
  config.healthcheck->retries = 1;
  const auto plan = health_plan(config);
  api::Health health{.status = std::string(kHealthStarting)};
  note_health_result(plan, health, result_at(9s, 1), kStart);
  EXPECT_EQ(health.status, kHealthStarting);
  EXPECT_EQ(health.failing_streak, 0);
  EXPECT_EQ(next_health_check(plan, health, kStart, kStart + 9s), 5s);
  EXPECT_EQ(next_health_check(plan, health, kStart, kStart + 10s), 30s);
  note_health_result(plan, health, result_at(10s, 1), kStart);
  EXPECT_EQ(health.status, kHealthUnhealthy);
}

TEST(Health, OnceHealthyTheStartPeriodIsOver) {
  auto config = config_with({"CMD", "x"});
  config.healthcheck->start_period = std::chrono::nanoseconds(100s).count();
  config.healthcheck->retries = 1;
  const auto plan = health_plan(config);
  api::Health health{.status = std::string(kHealthStarting)};
  note_health_result(plan, health, result_at(1s, 0), kStart);
  EXPECT_EQ(next_health_check(plan, health, kStart, kStart + 1s), 30s);
  note_health_result(plan, health, result_at(2s, 1), kStart);
  EXPECT_EQ(health.status, kHealthUnhealthy);
}

TEST(GoDuration, IsWrittenAsGoDoes) {
  const std::pair<std::chrono::nanoseconds, const char*> cases[] = {
      {0s, "0s"},        {30s, "30s"},      {500ms, "500ms"}, {1500ms, "1.5s"}, {90s, "1m30s"},
      {3600s, "1h0m0s"}, {1500us, "1.5ms"}, {2us, "2µs"},     {7ns, "7ns"}};
  for (const auto& [duration, text] : cases) EXPECT_EQ(format_go_duration(duration), text);
}

}  // namespace
}  // namespace hull::engine
