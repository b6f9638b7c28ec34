#pragma once

#include <string>

#include "base/result.h"

namespace hull::supervisor {

/// Mounts the erofs image read-only on the directory: as a file (Linux 6.12), else through a loop device that goes with
/// the mount. Where one is mounted there already, nothing happens.
Result<void> mount_image(const std::string& image, const std::string& directory);
/// The way through a loop device alone. Source: loop(4).
Result<void> mount_image_by_loop(const std::string& image, const std::string& directory);

}  // namespace hull::supervisor
