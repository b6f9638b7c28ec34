#include "linux/cgroup_layout.h"

#include <gtest/gtest.h>

namespace hull::linux {
namespace {

constexpr std::string_view kHybrid =
    "30 1 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
    "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:5 - cgroup cgroup rw,cpu,cpuacct\n"
    "32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "33 30 0:28 / /mnt/again rw - cgroup cgroup rw,memory\n"
    "34 30 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
    "35 30 0:30 / /sys/fs/cgroup/uni\\040fied rw - cgroup2 cgroup2 rw\n";
constexpr std::string_view kOwn = "4:memory:/a/b\n3:cpu,cpuacct:/c\n1:name=systemd:/s\n0::/u\n";

TEST(CgroupLayout, FindsEachHierarchyOnce) {
  const CgroupLayout layout = MUST(CgroupLayout::parse(kHybrid, kOwn));
  EXPECT_EQ(layout.mode, CgroupMode::kHybrid);
  ASSERT_EQ(layout.hierarchies.size(), 4u);
  EXPECT_EQ(layout.hierarchies[0].controllers, (std::vector<std::string>{"cpu", "cpuacct"}));
  EXPECT_EQ(layout.hierarchies[0].own_path, "/c");
  EXPECT_EQ(layout.hierarchies[2].controllers, (std::vector<std::string>{"name=systemd"}));
  EXPECT_TRUE(layout.hierarchies[3].unified());
  EXPECT_EQ(layout.hierarchies[3].mount_point, "/sys/fs/cgroup/uni fied");
}

TEST(CgroupLayout, TellsTheModes) {
  EXPECT_EQ(MUST(CgroupLayout::parse("1 1 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/x\n")).mode,
            CgroupMode::kV2);
  EXPECT_EQ(MUST(CgroupLayout::parse("1 1 0:1 / /c/pids rw - cgroup cgroup rw,pids\n", "1:pids:/x\n")).mode,
            CgroupMode::kV1);
  EXPECT_EQ(CgroupLayout::parse("", "").code(), Code::kFailedPrecondition);
  EXPECT_FALSE(CgroupLayout::parse("garbage - cgroup\n1 2 3 - cgroup2\n", ":::\n\n").ok());
}

TEST(CgroupDirectory, AbsolutePathsCountFromTheHierarchysRoot) {
  CgroupHierarchy memory{{"memory"}, "/sys/fs/cgroup/memory", "/", "/a/b"};
  EXPECT_EQ(cgroup_directory(memory, "/docker/id"), "/sys/fs/cgroup/memory/docker/id");
  EXPECT_EQ(cgroup_directory(memory, "id"), "/sys/fs/cgroup/memory/a/b/id");
}

TEST(CgroupDirectory, RelativePathsOfV2LieBesideOurOwnCgroup) {
  CgroupHierarchy unified{{""}, "/sys/fs/cgroup", "/", "/user.slice/session-1.scope"};
  EXPECT_EQ(cgroup_directory(unified, "id"), "/sys/fs/cgroup/user.slice/id");
  EXPECT_EQ(own_cgroup_directory(unified), "/sys/fs/cgroup/user.slice/session-1.scope");
  unified.own_path = "/";
  EXPECT_EQ(cgroup_directory(unified, "id"), "/sys/fs/cgroup/id");
  EXPECT_EQ(cgroup_directory(unified, "/id"), "/sys/fs/cgroup/id");
}

TEST(CgroupDirectory, CannotLeadOut) {
  CgroupHierarchy memory{{"memory"}, "/m", "/", "/a"};
  EXPECT_EQ(cgroup_directory(memory, "/../../x"), "/m/x");
  EXPECT_EQ(cgroup_directory(memory, "../../../../etc"), "/m/a/etc");
}

TEST(CgroupDirectory, CountsFromTheMountedPart) {
  CgroupHierarchy memory{{"memory"}, "/m", "/outer", "/outer/inner"};
  EXPECT_EQ(cgroup_directory(memory, "id"), "/m/inner/id");
}

}  // namespace
}  // namespace hull::linux
