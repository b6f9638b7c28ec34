#include "supervisor/snapshots/snapshotter.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/files.h"
#include "base/sys.h"
#include "supervisor/snapshots/native_driver.h"
#include "supervisor/snapshots/overlay_driver.h"

namespace hull::supervisor {
namespace {

using DriverMaker = Result<std::unique_ptr<SnapshotDriver>> (*)(const std::string& root);

Result<std::unique_ptr<SnapshotDriver>> make_overlay(const std::string& root) {
  return std::unique_ptr<SnapshotDriver>(TRY(OverlayDriver::open(root)));
}
Result<std::unique_ptr<SnapshotDriver>> make_native(const std::string& root) {
  return std::unique_ptr<SnapshotDriver>(TRY(NativeDriver::open(root)));
}

/// What every snapshotter promises.
class SnapshotterContract : public ::testing::TestWithParam<std::pair<const char*, DriverMaker>> {
 protected:
  SnapshotterContract() : root_(make_root()), database_(MUST(open_metadata(root_ + "/meta.db"))) { reopen(); }
  ~SnapshotterContract() override {
    flusher_->stop();
    store_.reset();
    (void)remove_tree(root_);
  }
  static std::string make_root() {
    char name[] = "/tmp/hull-snap-XXXXXX";
    return ::mkdtemp(name);
  }
  void reopen() {
    flusher_ = std::make_unique<Flusher>();  // a former one stops
    store_.reset();
    store_ = MUST(Snapshotter::open(database_, MUST(GetParam().second(root_ + "/snap")), *flusher_));
    store_->drain();
  }
  Snapshotter& store() { return *store_; }
  size_t directories() {
    store_->drain();
    return MUST(list_directory(root_ + "/snap/snapshots")).size();
  }
  void pretend_another_boot() {
    MUST(database_.write([&](Session& session) -> Result<void> {
      return TRY(session.prepare("UPDATE snapshot SET unflushed='earlier' WHERE unflushed<>''")).run();
    }));
  }
  /// The directory that writes to the mounts reach.
  static std::string writable(const std::vector<Mount>& mounts) {
    if (mounts.at(0).type == "bind") return mounts[0].source;
    for (const std::string& option : mounts[0].options)
      if (option.starts_with("upperdir=")) return option.substr(9);
    return "";
  }
  void make_committed(const std::string& name, const std::string& parent) {
    const auto mounts = MUST(store().prepare(scope_, "work-" + name, parent, {}));
    MUST(replace_file(writable(mounts) + "/" + name, name, 0644, Durable::kNo));
    MUST(store().commit(scope_, name, "work-" + name, {}));
  }

  const std::string root_;
  Database database_;
  std::unique_ptr<Flusher> flusher_;
  std::unique_ptr<Snapshotter> store_;
  const Scope scope_{"ns", ""};
};

INSTANTIATE_TEST_SUITE_P(Drivers, SnapshotterContract,
                         ::testing::Values(std::pair<const char*, DriverMaker>("overlayfs", make_overlay),
                                           std::pair<const char*, DriverMaker>("native", make_native)),
                         [](const auto& info) { return std::string(info.param.first); });

TEST_P(SnapshotterContract, CommitRemovesTheKey) {
  MUST(store().prepare(scope_, "work", "", {}));
  MUST(store().commit(scope_, "layer", "work", {{"a", "b"}}));
  EXPECT_TRUE(store().stat(scope_, "work").is(Code::kNotFound));
  const auto info = MUST(store().stat(scope_, "layer"));
  EXPECT_EQ(info.kind, SnapshotKind::kCommitted);
  EXPECT_EQ(info.labels.at("a"), "b");
}

TEST_P(SnapshotterContract, ChildrenSeeTheirParents) {
  make_committed("one", "");
  make_committed("two", "one");
  const auto mounts = MUST(store().prepare(scope_, "work", "two", {}));
  const std::string all = mounts[0].source + mounts[0].options.back();
  if (mounts[0].type == "bind") {
    EXPECT_TRUE(exists(mounts[0].source + "/one"));
    EXPECT_TRUE(exists(mounts[0].source + "/two"));
  } else {
    EXPECT_NE(all.find("lowerdir="), std::string::npos);
  }
  EXPECT_EQ(MUST(store().mounts(scope_, "work")), mounts);
}

TEST_P(SnapshotterContract, KeysAndParentsAreChecked) {
  MUST(store().prepare(scope_, "work", "", {}));
  EXPECT_TRUE(store().prepare(scope_, "work", "", {}).is(Code::kAlreadyExists));
  EXPECT_TRUE(store().view(scope_, "work", "", {}).is(Code::kAlreadyExists));
  EXPECT_TRUE(store().prepare(scope_, "x", "nowhere", {}).is(Code::kNotFound));
  EXPECT_TRUE(store().prepare(scope_, "x", "work", {}).is(Code::kInvalidArgument));
  EXPECT_TRUE(store().prepare(scope_, "", "", {}).is(Code::kInvalidArgument));
  EXPECT_TRUE(store().commit(scope_, "n", "nowhere", {}).is(Code::kNotFound));
  EXPECT_TRUE(store().commit(scope_, "work", "work", {}).is(Code::kAlreadyExists));
  EXPECT_TRUE(store().mounts(scope_, "nowhere").is(Code::kNotFound));
  EXPECT_EQ(directories(), 1u);
}

TEST_P(SnapshotterContract, ViewsAndCommittedOnesCannotBeCommitted) {
  make_committed("one", "");
  MUST(store().view(scope_, "view", "one", {}));
  EXPECT_TRUE(store().commit(scope_, "n", "view", {}).is(Code::kFailedPrecondition));
  EXPECT_TRUE(store().commit(scope_, "n", "one", {}).is(Code::kFailedPrecondition));
  EXPECT_TRUE(store().mounts(scope_, "one").is(Code::kFailedPrecondition));
}

TEST_P(SnapshotterContract, AParentStaysWhileItHasChildren) {
  make_committed("one", "");
  MUST(store().prepare(scope_, "work", "one", {}));
  EXPECT_TRUE(store().remove(scope_, "one").is(Code::kFailedPrecondition));
  MUST(store().remove(scope_, "work"));
  MUST(store().remove(scope_, "one"));
  EXPECT_EQ(directories(), 0u);
}

TEST_P(SnapshotterContract, NamespacesDoNotSeeEachOther) {
  const Scope other{"other", ""};
  make_committed("one", "");
  EXPECT_TRUE(store().stat(other, "one").is(Code::kNotFound));
  EXPECT_TRUE(store().prepare(other, "x", "one", {}).is(Code::kNotFound));
  MUST(store().prepare(other, "one", "", {}));
}

TEST_P(SnapshotterContract, ListFiltersAndUpdateSetsLabels) {
  make_committed("one", "");
  MUST(store().prepare(scope_, "work", "one", {{"k", "v"}}));
  const std::string active[] = {"kind==active"};
  const auto listed = MUST(store().list(scope_, MUST(Filters::parse(active))));
  ASSERT_EQ(listed.size(), 1u);
  EXPECT_EQ(listed[0].key, "work");
  EXPECT_EQ(listed[0].parent, "one");
  SnapshotInfo change;
  change.key = "work";
  change.labels = {{"k", "w"}};
  EXPECT_EQ(MUST(store().update(scope_, change, {{"labels.k"}})).labels.at("k"), "w");
  EXPECT_TRUE(store().update(scope_, change, {{"parent"}}).is(Code::kInvalidArgument));
}

TEST_P(SnapshotterContract, UsageCountsWhatIsThere) {
  const auto mounts = MUST(store().prepare(scope_, "work", "", {}));
  const auto before = MUST(store().usage(scope_, "work"));
  MUST(replace_file(writable(mounts) + "/f", std::string(100000, 'x'), 0644));
  const auto after = MUST(store().usage(scope_, "work"));
  EXPECT_GE(after.size - before.size, 100000);
  EXPECT_EQ(after.inodes - before.inodes, 1);
  MUST(store().commit(scope_, "layer", "work", {}));
  EXPECT_EQ(MUST(store().usage(scope_, "layer")).size, after.size);
}

TEST_P(SnapshotterContract, LeftoversOfAKilledDaemonGo) {
  make_committed("one", "");
  MUST(make_directories(root_ + "/snap/snapshots/4711/fs", 0700));
  reopen();
  EXPECT_EQ(directories(), 1u);
  EXPECT_TRUE(store().stat(scope_, "one").ok());
  MUST(store().prepare(scope_, "work", "one", {}));
}

TEST_P(SnapshotterContract, WhatIsOnDiskStaysAfterAPowerLoss) {
  make_committed("one", "");
  flusher_->flush_now();
  make_committed("two", "one");
  pretend_another_boot();
  reopen();
  EXPECT_TRUE(store().stat(scope_, "one").ok());
  EXPECT_TRUE(store().stat(scope_, "two").is(Code::kNotFound));
  EXPECT_EQ(directories(), 1u);
}

TEST_P(SnapshotterContract, ADaemonsDeathIsNoPowerLoss) {
  make_committed("one", "");
  reopen();
  flusher_->flush_now();
  pretend_another_boot();
  reopen();
  EXPECT_TRUE(store().stat(scope_, "one").ok());
}

TEST_P(SnapshotterContract, ChangesOverADamagedOneStay) {
  make_committed("one", "");
  make_committed("two", "one");
  MUST(store().prepare(scope_, "work", "one", {}));
  pretend_another_boot();
  reopen();
  EXPECT_TRUE(store().stat(scope_, "one").ok());
  EXPECT_TRUE(store().stat(scope_, "two").is(Code::kNotFound));
  EXPECT_TRUE(store().stat(scope_, "work").ok());
}

TEST_P(SnapshotterContract, ALeaseMustExistToKeepIt) {
  EXPECT_TRUE(store().prepare({"ns", "nowhere"}, "work", "", {}).is(Code::kNotFound));
  EXPECT_EQ(directories(), 0u);
}

}  // namespace
}  // namespace hull::supervisor
