#include "engine/containers/health.h"

#include <cstdlib>

namespace hull::engine {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr seconds kInterval{30};
constexpr seconds kTimeout{30};
constexpr seconds kStartInterval{5};
constexpr int64_t kRetries = 3;
constexpr size_t kKeptResults = 5;

nanoseconds given_or(int64_t given, nanoseconds otherwise) { return given > 0 ? nanoseconds(given) : otherwise; }

std::vector<std::string> command_of_check(const api::Config& config) {
  const auto& test = config.healthcheck->test;
  if (test[0] == "CMD") return {test.begin() + 1, test.end()};
  std::vector<std::string> command = config.shell.value_or(std::vector<std::string>{"/bin/sh", "-c"});
  command.insert(command.end(), test.begin() + 1, test.end());
  return command;
}

/// Without zeros at the end of the fraction.
std::string decimal(int64_t value, int64_t unit) {
  std::string text = std::to_string(value / unit);
  std::string fraction = std::to_string(unit + value % unit).substr(1);
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return fraction.empty() ? text : text + "." + fraction;
}

}  // namespace

bool has_health_check(const api::Config& config) {
  return config.healthcheck && !config.healthcheck->test.empty() && config.healthcheck->test[0] != "NONE";
}

HealthPlan health_plan(const api::Config& config) {
  const api::HealthConfig& given = *config.healthcheck;
  return {.command = command_of_check(config),
          .interval = given_or(given.interval, kInterval),
          .timeout = given_or(given.timeout, kTimeout),
          .start_period = given_or(given.start_period, nanoseconds(0)),
          .start_interval = given_or(given.start_interval, kStartInterval),
          .retries = given.retries > 0 ? given.retries : kRetries};
}

nanoseconds next_health_check(const HealthPlan& plan, const api::Health& health, Timestamp started, Timestamp now) {
  const bool starts = health.status == kHealthStarting && now - started < plan.start_period;
  return starts ? plan.start_interval : plan.interval;
}

void note_health_result(const HealthPlan& plan, api::Health& health, api::HealthResult result, Timestamp started) {
  const bool failed = result.exit_code != 0;
  // A service that still starts may fail without that being held against it.
  const bool counts = health.status != kHealthStarting || result.start - started >= plan.start_period;
  if (!failed) {
    health.failing_streak = 0;
    health.status = kHealthHealthy;
  } else if (counts && ++health.failing_streak >= plan.retries) {
    health.status = kHealthUnhealthy;
  }
  if (health.log.size() >= kKeptResults)
    health.log.erase(health.log.begin(), health.log.end() - static_cast<std::ptrdiff_t>(kKeptResults - 1));
  health.log.push_back(std::move(result));
}

std::string format_go_duration(nanoseconds duration) {
  const int64_t n = duration.count();
  if (n == 0) return "0s";
  if (n < 1000) return std::to_string(n) + "ns";
  if (n < 1'000'000) return decimal(n, 1000) + "µs";
  if (n < 1'000'000'000) return decimal(n, 1'000'000) + "ms";
  const int64_t minutes = n / 60'000'000'000;
  std::string text;
  if (minutes >= 60) text += std::to_string(minutes / 60) + "h";
  if (minutes > 0) text += std::to_string(minutes % 60) + "m";
  return text + decimal(n % 60'000'000'000, 1'000'000'000) + "s";
}

}  // namespace hull::engine
