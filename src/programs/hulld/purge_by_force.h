#pragma once

#include "base/result.h"
#include "programs/hulld/config.h"

namespace hull::daemon {

/// Ends those containers, and shims, of our own supervisor that still have a bundle, without it.
/// Errors: the first of them; all the rest is tried nevertheless.
Result<void> end_containers_by_force(const Config& config);

/// Ends all containers of an engine without its supervisor: their processes by their cgroups, then their shims; then
/// takes all networks down. What is on disk stays. Bundles tell what there is.
/// Errors: the first of them; all the rest is tried nevertheless.
Result<void> empty_by_force(const Config& config);

}  // namespace hull::daemon
