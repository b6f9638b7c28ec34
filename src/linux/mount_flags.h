#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "linux/detached_mount.h"

/// The words of a mount's options that the kernel knows as flags of the mount itself. Source: mount(8), mount(2),
/// mount_setattr(2).
namespace hull::linux {

struct MountFlag {
  std::string_view name;     ///< "nosuid"
  uint64_t set;              ///< MOUNT_ATTR_*
  uint64_t clear;            ///< a change of the access-time mode clears the whole field first
  unsigned long legacy_set;  ///< MS_* of mount(2)
  unsigned long legacy_clear;
};

std::span<const MountFlag> mount_flags();
/// Null where the word is none of them: it is the file system's, or somebody else's.
const MountFlag* find_mount_flag(std::string_view name);

/// The later word wins.
void apply(MountAttributes& attributes, const MountFlag& flag);

}  // namespace hull::linux
