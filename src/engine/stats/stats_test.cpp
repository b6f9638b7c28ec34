#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/files.h"
#include "engine/stats/cgroup_stats.h"
#include "engine/stats/network_stats.h"
#include "engine/stats/sampler.h"

namespace hull::engine {
namespace {

/// Directories with files of a cgroup, as the kernel writes them.
class CgroupStats : public testing::Test {
 protected:
  CgroupStats() {
    char name[] = "/tmp/hull-stats-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~CgroupStats() override { (void)remove_tree(path_); }
  void file(const std::string& name, std::string_view text) {
    MUST(replace_file(path_ + "/" + name, text, 0644, Durable::kNo));
  }
  api::ContainerStats read(std::map<std::string, std::string> paths) {
    api::ContainerStats stats;
    read_cgroup_stats(linux::Cgroup(std::move(paths)), 1000, stats);
    return stats;
  }
  std::string path_;
};

TEST_F(CgroupStats, V2) {
  file("cpu.stat",
       "usage_usec 5000\nuser_usec 3000\nsystem_usec 2000\nnr_periods 4\nnr_throttled 1\nthrottled_usec 7\n");
  file("memory.current", "4096\n");
  file("memory.max", "max\n");
  file("memory.stat", "anon 12\nfile 34\n");
  file("memory.events", "low 0\noom 2\n");
  file("pids.current", "3\n");
  file("pids.max", "max\n");
  file("io.stat", "8:16 rbytes=1459200 wbytes=314 rios=192 wios=353 dbytes=0 dios=0\nbroken\n");
  const auto stats = read({{"", path_}});
  EXPECT_EQ(stats.cpu.usage.total, 5'000'000u);
  EXPECT_EQ(stats.cpu.usage.in_kernel, 2'000'000u);
  EXPECT_EQ(stats.cpu.throttling.throttled_time, 7000u);
  EXPECT_EQ(stats.memory.usage, 4096u);
  EXPECT_EQ(stats.memory.limit, 1000u) << "the host's, where there is none";
  EXPECT_EQ(stats.memory.fail_count, 2u);
  EXPECT_EQ(stats.memory.stats.at("file"), 34u);
  EXPECT_EQ(json::format(stats.pids), R"({"current":3})");
  EXPECT_EQ(json::format(*stats.block_io.service_bytes),
            R"([{"major":8,"minor":16,"op":"read","value":1459200},{"major":8,"minor":16,"op":"write","value":314}])");
  EXPECT_FALSE(stats.block_io.serviced);
}

TEST_F(CgroupStats, V1) {
  file("cpuacct.usage", "1234\n");
  file("cpuacct.usage_percpu", "1000 234 \n");
  file("cpuacct.stat", "user 2\nsystem 3\n");
  file("cpu.stat", "nr_periods 1\nnr_throttled 2\nthrottled_time 3\n");
  file("memory.usage_in_bytes", "500\n");
  file("memory.max_usage_in_bytes", "600\n");
  file("memory.failcnt", "1\n");
  file("memory.limit_in_bytes", "700\n");
  file("memory.stat", "cache 7\n");
  file("pids.current", "2\n");
  file("pids.max", "9\n");
  file("blkio.throttle.io_service_bytes_recursive", "254:0 Read 10\n254:0 Total 10\nTotal 10\n");
  const auto stats = read({{"cpu", path_}, {"cpuacct", path_}, {"memory", path_}, {"pids", path_}, {"blkio", path_}});
  EXPECT_EQ(stats.cpu.usage.total, 1234u);
  EXPECT_EQ(stats.cpu.usage.by_cpu, (std::vector<uint64_t>{1000, 234}));
  EXPECT_EQ(stats.cpu.usage.in_user, 20'000'000u);
  EXPECT_EQ(stats.memory.limit, 700u);
  EXPECT_EQ(stats.memory.max_usage, 600u);
  EXPECT_EQ(stats.pids.limit, 9u);
  EXPECT_EQ(stats.block_io.service_bytes->size(), 2u);
  EXPECT_TRUE(stats.block_io.sectors && stats.block_io.sectors->empty());
}

TEST_F(CgroupStats, WhatIsMissingIsZero) {
  const auto stats = read({{"memory", path_ + "/gone"}});
  EXPECT_EQ(stats.memory.usage, 0u);
  EXPECT_EQ(stats.memory.limit, 1000u);
}

TEST(NetworkStats, AreReadFromProc) {
  const auto devices = parse_network_devices(
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier "
      "c\n"
      "    lo:  9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9\n"
      "  eth0:1234    5    6    7    0     0          0         0  888       9    10    11    0     0       0          "
      "0\n"
      "  short: 1 2\n");
  ASSERT_EQ(devices.size(), 1u);
  const auto& eth0 = devices.at("eth0");
  EXPECT_EQ(eth0.rx_bytes, 1234u);
  EXPECT_EQ(eth0.rx_dropped, 7u);
  EXPECT_EQ(eth0.tx_bytes, 888u);
  EXPECT_EQ(eth0.tx_dropped, 11u);
}

TEST(WithPrevious, ARunAnewHasNone) {
  api::ContainerStats before{.read = Timestamp(std::chrono::seconds(1))};
  before.cpu.usage.total = 100;
  api::ContainerStats after{.read = Timestamp(std::chrono::seconds(2))};
  after.cpu.usage.total = 150;
  EXPECT_EQ(with_previous(after, before).previous_cpu.usage.total, 100u);
  EXPECT_EQ(with_previous(after, before).previous_read, before.read);
  after.cpu.usage.total = 50;
  EXPECT_FALSE(with_previous(after, before).previous_read);
}

}  // namespace
}  // namespace hull::engine
