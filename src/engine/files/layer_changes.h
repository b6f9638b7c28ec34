#pragma once

#include <vector>

#include "api/container/operations.h"
#include "base/result.h"
#include "engine/containerd/mount.h"

namespace hull::engine {

/// What a container changed in its root file system, sorted by path: overlayfs's upper directory against those below.
/// What the runtime makes there to mount upon (/proc, /etc/hosts …) is nobody's change and left out while it is empty.
/// Errors: kUnimplemented where the layers are kept otherwise than by overlayfs.
Result<std::vector<api::FilesystemChange>> changes_of(const std::vector<containerd::Mount>& rootfs);

}  // namespace hull::engine
