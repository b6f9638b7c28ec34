#include "programs/hulld/purge.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mount.h>

#include "base/files.h"
#include "base/ids.h"
#include "base/sys.h"
#include "network/test_world.h"
#include "programs/hulld/data_root.h"

namespace hull::daemon {
namespace {

/// No hull-containerd stands beside the tests or in this PATH.
class Purge : public ::testing::Test {
 protected:
  void SetUp() override {
    world_ = network::World::get();
    if (!world_) GTEST_SKIP() << "needs root";
    ::setenv("PATH", "/nonexistent", 1);
    char name[] = "/tmp/hull-purge-test-XXXXXX";
    folder_ = ::mkdtemp(name);
    config_.data_root = folder_ + "/data";
    config_.exec_root = folder_ + "/run";
    config_.bridge = "pbr" + random_hex(6);
    config_.bip = "10.213.77.1/24";
    config_.cgroup_parent = "/hull-purge-test-" + random_hex(8);
  }
  void TearDown() override {
    if (!folder_.empty()) (void)remove_tree(folder_);
  }
  void make_folders() {
    for (const char* below : {"/containers/a", "/volumes/v/_data", "/containerd"})
      MUST(make_directories(config_.data_root + below, 0755));
    MUST(replace_file(config_.data_root + "/volumes/v/_data/file", "text", 0644));
    MUST(make_directories(config_.exec_root, 0755));
  }
  network::World* world_ = nullptr;
  std::string folder_;
  Config config_;
};

TEST_F(Purge, RemovesBothRootsWithoutASupervisor) {
  make_folders();
  MUST(purge(config_));
  EXPECT_FALSE(exists(config_.data_root));
  EXPECT_FALSE(exists(config_.exec_root));
}

TEST_F(Purge, NeedsADataRoot) { EXPECT_TRUE(purge(config_).is(Code::kNotFound)); }

TEST_F(Purge, LeavesWhatADaemonHolds) {
  make_folders();
  const auto daemon = MUST(DataRoot::claim(config_.data_root, config_.exec_root));
  EXPECT_TRUE(purge(config_).is(Code::kFailedPrecondition));
  EXPECT_TRUE(exists(config_.data_root + "/volumes/v/_data/file"));
}

TEST_F(Purge, GoesOnWhereAnotherWasKilled) {
  make_folders();
  MUST(replace_file(purge_mark(config_.data_root), "", 0600));
  // A record store that cannot be opened any more is not asked.
  MUST(make_directories(config_.data_root + "/networks.db", 0755));
  MUST(purge(config_));
  EXPECT_FALSE(exists(config_.data_root));
}

TEST_F(Purge, IsNotTakenForADataRootBeforeItIsDone) {
  make_folders();
  MUST(replace_file(purge_mark(config_.data_root), "", 0600));
  const auto claimed = DataRoot::claim(config_.data_root, config_.exec_root);
  ASSERT_TRUE(claimed.is(Code::kFailedPrecondition));
  EXPECT_NE(claimed.error().message().find("half removed"), std::string::npos);
}

TEST_F(Purge, UnmountsWhatIsBelowItsRoots) {
  make_folders();
  const std::string target = config_.exec_root + "/mounted";
  MUST(make_directories(target, 0755));
  ASSERT_EQ(::mount("none", target.c_str(), "tmpfs", 0, "size=64k"), 0);
  MUST(purge(config_));
  EXPECT_FALSE(exists(config_.exec_root));
}

}  // namespace
}  // namespace hull::daemon
