#include "runtime/cgroup_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "base/files.h"
#include "runtime/device_program.h"
#include "spec/runtime/spec.h"

namespace hull::runtime {
namespace {

using testing::Contains;
using testing::ElementsAre;

spec::Resources parse(std::string_view text) { return MUST(spec::parse_resources(text)); }

TEST(LimitsV1, NothingAskedNothingWritten) { EXPECT_TRUE(limits_v1({}).empty()); }

TEST(LimitsV1, MemoryGoesBeforeMemoryAndSwap) {
  EXPECT_THAT(limits_v1(parse(R"({"memory":{"swap":200,"limit":100}})")),
              ElementsAre(CgroupWrite{"memory", "memory.limit_in_bytes", "100"},
                          CgroupWrite{"memory", "memory.memsw.limit_in_bytes", "200"}));
}

TEST(LimitsV1, NoMemoryLimitMeansNoSwapLimit) {
  EXPECT_THAT(limits_v1(parse(R"({"memory":{"limit":-1}})")),
              Contains(CgroupWrite{"memory", "memory.memsw.limit_in_bytes", "-1"}));
}

TEST(LimitsV1, ZeroIsNotSet) {
  EXPECT_TRUE(limits_v1(parse(R"({"memory":{"limit":0},"cpu":{"shares":0,"quota":0},"pids":{"limit":0}})")).empty());
}

TEST(LimitsV2, SwapIsCountedAlone) {
  EXPECT_THAT(limits_v2(parse(R"({"memory":{"limit":100,"swap":150}})")),
              ElementsAre(CgroupWrite{"memory", "memory.swap.max", "50"}, CgroupWrite{"memory", "memory.max", "100"}));
  EXPECT_THAT(
      limits_v2(parse(R"({"memory":{"limit":100,"swap":100}})")),
      ElementsAre(CgroupWrite{.controller = "memory", .file = "memory.swap.max", .value = "0", .dispensable = true},
                  CgroupWrite{"memory", "memory.max", "100"}));
}

TEST(LimitsV2, WeightsOfDevices) {
  EXPECT_THAT(limits_v2(parse(R"({"blockIO":{"weight":10,"weightDevice":[{"major":8,"minor":16,"weight":1000}]}})")),
              ElementsAre(CgroupWrite{"io", "io.bfq.weight", "10", "io.weight", "1"},
                          CgroupWrite{"io", "io.bfq.weight", "8:16 1000", "io.weight", "8:16 10000"}));
  EXPECT_THAT(limits_v1(parse(R"({"blockIO":{"weight":10,"leafWeight":20,
                  "weightDevice":[{"major":8,"minor":16,"weight":1000,"leafWeight":30}]}})")),
              ElementsAre(CgroupWrite{"blkio", "blkio.weight", "10", "blkio.bfq.weight"},
                          CgroupWrite{"blkio", "blkio.leaf_weight", "20"},
                          CgroupWrite{"blkio", "blkio.weight_device", "8:16 1000", "blkio.bfq.weight_device"},
                          CgroupWrite{"blkio", "blkio.leaf_weight_device", "8:16 30"}));
}

TEST(CgroupLimits, PagesAndRemoteMemoryGoByTheSameFilesInBoth) {
  const auto resources = parse(R"({"hugepageLimits":[{"pageSize":"2MB","limit":4}],
                                   "rdma":{"mlx5_1":{"hcaHandles":3,"hcaObjects":10000}}})");
  const CgroupWrite rdma{"rdma", "rdma.max", "mlx5_1 hca_handle=3 hca_object=10000"};
  EXPECT_THAT(limits_v1(resources), ElementsAre(CgroupWrite{"hugetlb", "hugetlb.2MB.limit_in_bytes", "4"},
                                                CgroupWrite{.controller = "hugetlb",
                                                            .file = "hugetlb.2MB.rsvd.limit_in_bytes",
                                                            .value = "4",
                                                            .dispensable = true},
                                                rdma));
  EXPECT_THAT(
      limits_v2(resources),
      ElementsAre(
          CgroupWrite{"hugetlb", "hugetlb.2MB.max", "4"},
          CgroupWrite{.controller = "hugetlb", .file = "hugetlb.2MB.rsvd.max", .value = "4", .dispensable = true},
          rdma));
}

TEST(LimitsV2, CpuAndPids) {
  EXPECT_THAT(limits_v2(parse(R"({"cpu":{"quota":20000,"period":50000,"shares":1024},"pids":{"limit":-1}})")),
              ElementsAre(CgroupWrite{"cpu", "cpu.weight", "100"}, CgroupWrite{"cpu", "cpu.max", "20000 50000"},
                          CgroupWrite{"pids", "pids.max", "max"}));
}

TEST(WeightOfShares, CoversTheRange) {
  EXPECT_EQ(weight_of_shares(2), 1u);
  EXPECT_EQ(weight_of_shares(1024), 100u);
  EXPECT_EQ(weight_of_shares(512), 59u);
  EXPECT_EQ(weight_of_shares(262144), 10000u);
  EXPECT_EQ(weight_of_shares(UINT64_MAX), 10000u);
}

TEST(DeviceWrites, DenyAllFirst) {
  const auto writes = device_writes_v1({{true, "c", 1, 3, "rw"}});
  EXPECT_THAT(writes, ElementsAre(CgroupWrite{"devices", "devices.deny", "a"},
                                  CgroupWrite{"devices", "devices.allow", "c 1:3 rw"}));
}

TEST(DeviceWrites, AllowAllSaysAllThatIsToBeSaid) {
  const auto rules = with_default_devices({{true, "", std::nullopt, std::nullopt, "rwm"}}, {});
  EXPECT_THAT(device_writes_v1(rules), ElementsAre(CgroupWrite{"devices", "devices.allow", "a"}));
}

TEST(DeviceProgram, TheVerifierTakesIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "loading a program needs root";
  const auto program = device_program(with_default_devices({{false, "a", std::nullopt, std::nullopt, "rwm"}}, {}));
  bpf_attr attributes;
  std::memset(&attributes, 0, sizeof attributes);
  char log[65536] = {};
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = reinterpret_cast<uint64_t>(program.data());
  attributes.insn_cnt = static_cast<uint32_t>(program.size());
  attributes.license = reinterpret_cast<uint64_t>("Apache");
  attributes.log_buf = reinterpret_cast<uint64_t>(log);
  attributes.log_size = sizeof log;
  attributes.log_level = 1;
  const UniqueFd loaded(static_cast<int>(::syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes)));
  EXPECT_TRUE(loaded.valid()) << log;
}

/// Directories with the files of controllers that few kernels still have.
class FakeHierarchy : public testing::Test {
 protected:
  void SetUp() override {
    std::string place = testing::TempDir() + "hull-cgroup-XXXXXX";
    ASSERT_NE(::mkdtemp(place.data()), nullptr);
    place_ = place;
  }
  void TearDown() override { (void)remove_tree(place_); }
  void controller(const std::string& name, const std::vector<std::string>& files) {
    paths_[name] = place_ + "/" + name;
    MUST(make_directories(paths_[name], 0755));
    for (const std::string& file : files) MUST(replace_file(paths_[name] + "/" + file, "", 0644, Durable::kNo));
  }
  std::string content(const std::string& path) const { return MUST(read_file(place_ + "/" + path)); }
  linux::Cgroup cgroup() const { return linux::Cgroup(paths_); }

 private:
  std::string place_;
  std::map<std::string, std::string> paths_;
};

constexpr const char* kRare = R"({"network":{"classID":1048577,"priorities":[{"name":"eth0","priority":5}]},
  "rdma":{"mlx5_1":{"hcaHandles":3}},"hugepageLimits":[{"pageSize":"2MB","limit":4096}]})";

TEST_F(FakeHierarchy, TakesTheLimitsOfRareControllers) {
  controller("net_cls", {"net_cls.classid"});
  controller("net_prio", {"net_prio.ifpriomap"});
  controller("rdma", {"rdma.max"});
  controller("hugetlb", {"hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.rsvd.limit_in_bytes"});
  MUST(apply_limits(cgroup(), parse(kRare)));
  EXPECT_EQ(content("net_cls/net_cls.classid"), "1048577");
  EXPECT_EQ(content("net_prio/net_prio.ifpriomap"), "eth0 5");
  EXPECT_EQ(content("rdma/rdma.max"), "mlx5_1 hca_handle=3");
  EXPECT_EQ(content("hugetlb/hugetlb.2MB.limit_in_bytes"), "4096");
  EXPECT_EQ(content("hugetlb/hugetlb.2MB.rsvd.limit_in_bytes"), "4096");
}

TEST_F(FakeHierarchy, ReservedPagesAreForKernelsThatCountThem) {
  controller("hugetlb", {"hugetlb.2MB.limit_in_bytes"});
  MUST(apply_limits(cgroup(), parse(R"({"hugepageLimits":[{"pageSize":"2MB","limit":4096}]})")));
  EXPECT_EQ(content("hugetlb/hugetlb.2MB.limit_in_bytes"), "4096");
}

TEST_F(FakeHierarchy, ALimitWithoutItsControllerIsRefusedByName) {
  controller("memory", {"memory.limit_in_bytes"});
  const std::pair<const char*, const char*> rows[] = {
      {"net_cls", R"({"network":{"classID":1}})"},
      {"net_prio", R"({"network":{"priorities":[{"name":"lo","priority":1}]}})"},
      {"rdma", R"({"rdma":{"a":{"hcaObjects":1}}})"},
      {"hugetlb", R"({"hugepageLimits":[{"pageSize":"2MB","limit":1}]})"},
  };
  for (const auto& [name, limit] : rows) {
    const auto applied = apply_limits(cgroup(), parse(limit));
    ASSERT_FALSE(applied.ok()) << limit;
    EXPECT_NE(applied.error().message().find("cannot set " + std::string(name) + " limit"), std::string::npos)
        << applied.error().message();
  }
}

}  // namespace
}  // namespace hull::runtime
