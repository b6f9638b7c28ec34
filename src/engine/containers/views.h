#pragma once

#include <string>

#include "api/container/inspect.h"
#include "api/container/summary.h"
#include "engine/containers/record.h"
#include "engine/containers/registry.h"

/// A container's record as the API shows it.
namespace hull::engine {

api::ContainerInspect inspect_view(const ContainerRecord& record, const Registry& registry);
api::ContainerSummary summary_view(const ContainerRecord& record);

/// "Up 3 minutes", "Exited (0) 5 seconds ago" … as Docker says it.
std::string health_text(const RunState& state);
std::string status_text(const RunState& state, Timestamp now);
/// "About an hour", "3 weeks". Source: docker/go-units HumanDuration.
std::string human_duration(std::chrono::nanoseconds duration);

std::vector<api::MountPoint> mount_points(const ContainerRecord& record);

}  // namespace hull::engine
