#include "linux/mount_flags.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

namespace hull::linux {
namespace {

TEST(MountFlags, TheLaterWordWins) {
  MountAttributes attributes;
  for (const char* word : {"ro", "nosuid", "noatime", "rw", "relatime"}) apply(attributes, *find_mount_flag(word));
  EXPECT_EQ(attributes.set, uint64_t{MOUNT_ATTR_NOSUID | MOUNT_ATTR_RELATIME});
  EXPECT_EQ(attributes.clear, uint64_t{MOUNT_ATTR_RDONLY | MOUNT_ATTR__ATIME});
  apply(attributes, *find_mount_flag("ro"));
  EXPECT_EQ(attributes.clear, uint64_t{MOUNT_ATTR__ATIME});
}

TEST(MountFlags, WordsOfFileSystemsAreNone) {
  for (const char* word : {"size=1m", "bind", "", "rro", "lowerdir=/x"})
    EXPECT_EQ(find_mount_flag(word), nullptr) << word;
}

TEST(MountFlags, EachWordHasACounterpartThatTakesItBack) {
  for (const MountFlag& flag : mount_flags()) {
    if (flag.set == 0 || (flag.clear & MOUNT_ATTR__ATIME) != 0) continue;
    const std::string name(flag.name);
    const std::string opposite = name == "ro" ? "rw" : name.substr(2);
    ASSERT_NE(find_mount_flag(opposite), nullptr) << name;
    EXPECT_EQ(find_mount_flag(opposite)->clear, flag.set) << name;
    EXPECT_EQ(find_mount_flag(opposite)->legacy_clear, flag.legacy_set) << name;
  }
}

}  // namespace
}  // namespace hull::linux
