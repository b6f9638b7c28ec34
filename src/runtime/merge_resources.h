#pragma once

#include "spec/runtime/resources.h"

namespace hull::runtime {

/// What a container is limited to once `update` has said `wanted`: what it leaves out, or gives as 0, stays. No limit
/// on memory lifts that on memory and swap together, unless it is given too. Devices are not among it.
spec::Resources merge_resources(spec::Resources standing, const spec::Resources& wanted);

}  // namespace hull::runtime
