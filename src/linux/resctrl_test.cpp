#include "linux/resctrl.h"

#include <gtest/gtest.h>

namespace hull::linux {
namespace {

TEST(Resctrl, IsFoundInTheTableOfMounts) {
  const std::string table =
      "25 30 0:23 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
      "90 25 0:40 /group /part rw - resctrl resctrl rw\n"
      "91 25 0:40 / /sys/fs/res\\040ctrl rw,relatime shared:9 - resctrl resctrl rw,cdp\n";
  EXPECT_EQ(Resctrl::find(table), "/sys/fs/res ctrl");
  EXPECT_EQ(Resctrl::find("25 30 0:23 / /resctrl rw - tmpfs resctrl rw\n\nresctrl"), std::nullopt);
}

TEST(Resctrl, SchemataAreComparedByWhatTheySay) {
  const std::string there = "    MB:0=100;1= 20\n    L3:0=00ff;1=7f0\n";
  EXPECT_TRUE(compare_schemata(there, "L3:1=7F0;0=ff\nMB:1=20\n").ok());
  EXPECT_TRUE(compare_schemata(there, "").ok());
  // The later line holds.
  EXPECT_TRUE(compare_schemata(there, "L3:0=1\nL3:0=ff\n").ok());
  EXPECT_EQ(compare_schemata(there, "L3:0=f").error().message(), "existing schemata have L3:0=ff, not f");
  EXPECT_EQ(compare_schemata(there, "L2:0=f").error().message(), "existing schemata have L2:0=(nothing), not f");
  EXPECT_FALSE(compare_schemata(there, "MB:0=10").ok());
  EXPECT_TRUE(compare_schemata("L3:0=0\n", "L3:0=000").ok());
}

}  // namespace
}  // namespace hull::linux
