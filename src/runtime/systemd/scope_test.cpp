#include "runtime/systemd/scope.h"

#include <gtest/gtest.h>

namespace hull::runtime::systemd {
namespace {

using linux::CgroupMode;

TEST(Scope, APathNamesSliceAndUnit) {
  const ScopeName name = MUST(parse_scope("a-b.slice:docker:1f", "id"));
  EXPECT_EQ(name.unit, "docker-1f.scope");
  EXPECT_EQ(name.cgroup_path(), "/a.slice/a-b.slice/docker-1f.scope");
  EXPECT_EQ(MUST(parse_scope("", "id")).cgroup_path(), "/system.slice/runc-id.scope");
  EXPECT_EQ(MUST(parse_scope("-.slice::x", "id")).cgroup_path(), "/x.scope");
}

TEST(Scope, OtherPathsAreRefused) {
  for (const char* path : {"/a/b", "a:b", "a.slice:b:c:d", "a:b:c", "a.slice:b:", "a/b.slice:c:d", "-a.slice:b:c",
                           "a--b.slice:c:d", "a-.slice:c:d", ".slice:a:b", "a.slice:b:../c"})
    EXPECT_EQ(parse_scope(path, "id").code(), Code::kInvalidArgument) << path;
}

TEST(Scope, LimitsBecomeProperties) {
  spec::Resources resources;
  resources.cpu.emplace().quota = 33333;
  resources.memory.emplace().limit = 100;
  resources.memory->swap = 150;
  resources.pids = spec::PidsLimit{-1};
  const std::vector<Property> expected = {{"CPUQuotaPerSecUSec", uint64_t{340000}},
                                          {"MemoryMax", uint64_t{100}},
                                          {"MemorySwapMax", uint64_t{50}},
                                          {"TasksMax", UINT64_MAX}};
  EXPECT_EQ(properties_of(resources, CgroupMode::kV2), expected);
}

TEST(Scope, DevicesAreSaidOnlyWhereTheyCanBe) {
  const std::string table = "Character devices:\n  1 mem\n136 pts\n\nBlock devices:\n  1 ramdisk\n";
  const std::vector<spec::DeviceRule> rules = {
      {false, "a", {}, {}, "rwm"}, {true, "c", 136, {}, "rwm"}, {true, "b", 1, 2, "r"}};
  const Property::DeviceAllow allowed = {{"char-pts", "rwm"}, {"/dev/block/1:2", "r"}};
  EXPECT_EQ(device_properties(rules, table)[1].value, decltype(Property::value)(allowed));
  const std::vector<spec::DeviceRule> holes = {{true, "a", {}, {}, "rwm"}, {false, "c", 1, 3, "w"}};
  EXPECT_EQ(device_properties(holes, table)[0].value, decltype(Property::value)(std::string("auto")));
}

}  // namespace
}  // namespace hull::runtime::systemd
