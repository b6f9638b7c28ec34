#pragma once

#include "base/result.h"

namespace hull::daemon {

/// Whether this process and this kernel can run containers at all.
/// Errors: kPermissionDenied without root; kFailedPrecondition without cgroups.
Result<void> check_host();

/// Errors: kFailedPrecondition where the kernel has no overlayfs. Only for our own supervisor.
Result<void> check_overlayfs();

}  // namespace hull::daemon
