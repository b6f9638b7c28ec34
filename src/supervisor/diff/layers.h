#pragma once

#include <optional>
#include <string>
#include <vector>

#include "supervisor/snapshots/mount.h"

namespace hull::supervisor {

/// What a list of mounts shows, told from its text: the directories, topmost first.
struct LayerStack {
  std::vector<std::string> directories;
  /// Whether the topmost one is written to through the mounts.
  bool writable = false;
  bool merged = false;     ///< whether they are merged by overlayfs, also where there is one only
  bool by_kernel = false;  ///< whose upper directory has all changes in the kernel's own form
};

/// nullopt where the mounts are not one bind mount or one overlay of directories that stand there as they are.
std::optional<LayerStack> stack_of(const std::vector<Mount>& mounts);

}  // namespace hull::supervisor
