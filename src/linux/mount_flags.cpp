#include "linux/mount_flags.h"

#include <sys/mount.h>

#include <algorithm>

namespace hull::linux {
namespace {

constexpr uint64_t kTimes = MOUNT_ATTR__ATIME;
constexpr unsigned long kLegacyTimes = MS_NOATIME | MS_RELATIME | MS_STRICTATIME;
#ifndef MS_NOSYMFOLLOW
constexpr unsigned long MS_NOSYMFOLLOW = 256;
#endif

constexpr MountFlag kFlags[] = {
    {"ro", MOUNT_ATTR_RDONLY, 0, MS_RDONLY, 0},
    {"rw", 0, MOUNT_ATTR_RDONLY, 0, MS_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID, 0, MS_NOSUID, 0},
    {"suid", 0, MOUNT_ATTR_NOSUID, 0, MS_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0, MS_NODEV, 0},
    {"dev", 0, MOUNT_ATTR_NODEV, 0, MS_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC, 0, MS_NOEXEC, 0},
    {"exec", 0, MOUNT_ATTR_NOEXEC, 0, MS_NOEXEC},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0, MS_NODIRATIME, 0},
    {"diratime", 0, MOUNT_ATTR_NODIRATIME, 0, MS_NODIRATIME},
    {"noatime", MOUNT_ATTR_NOATIME, kTimes, MS_NOATIME, kLegacyTimes},
    {"atime", 0, kTimes, 0, MS_NOATIME},
    {"relatime", MOUNT_ATTR_RELATIME, kTimes, MS_RELATIME, kLegacyTimes},
    {"norelatime", 0, kTimes, 0, MS_RELATIME},
    {"strictatime", MOUNT_ATTR_STRICTATIME, kTimes, MS_STRICTATIME, kLegacyTimes},
    {"nostrictatime", 0, kTimes, 0, MS_STRICTATIME},
    {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0, MS_NOSYMFOLLOW, 0},
    {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW, 0, MS_NOSYMFOLLOW},
};

}  // namespace

std::span<const MountFlag> mount_flags() { return kFlags; }

const MountFlag* find_mount_flag(std::string_view name) {
  const auto found = std::ranges::find(kFlags, name, &MountFlag::name);
  return found == std::end(kFlags) ? nullptr : found;
}

void apply(MountAttributes& attributes, const MountFlag& flag) {
  attributes.set &= ~flag.clear;
  attributes.set |= flag.set;
  attributes.clear &= ~(flag.set & ~kTimes);
  attributes.clear |= flag.clear;
}

}  // namespace hull::linux
