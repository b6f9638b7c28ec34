#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "api/container/config.h"
#include "api/container/inspect.h"
#include "base/time.h"

/// What a health check asks for, and what becomes of a container's health. No I/O. Source: Docker's daemon/health.go.
namespace hull::engine {

/// The check with docker's defaults filled in.
struct HealthPlan {
  std::vector<std::string> command;
  std::chrono::nanoseconds interval{};
  std::chrono::nanoseconds timeout{};
  std::chrono::nanoseconds start_period{};
  std::chrono::nanoseconds start_interval{};
  int64_t retries = 0;
};

bool has_health_check(const api::Config& config);
/// Only where there is a check.
HealthPlan health_plan(const api::Config& config);

inline constexpr std::string_view kHealthStarting = "starting";
inline constexpr std::string_view kHealthHealthy = "healthy";
inline constexpr std::string_view kHealthUnhealthy = "unhealthy";

/// The wait before the next check: shorter while it starts.
std::chrono::nanoseconds next_health_check(const HealthPlan& plan, const api::Health& health, Timestamp started,
                                           Timestamp now);
/// Counts a result, and keeps the last five.
void note_health_result(const HealthPlan& plan, api::Health& health, api::HealthResult result, Timestamp started);

/// "1m30s", "1.5s", "500ms", as Go writes it.
std::string format_go_duration(std::chrono::nanoseconds duration);

}  // namespace hull::engine
