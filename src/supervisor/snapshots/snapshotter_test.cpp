#include "supervisor/snapshots/snapshotter.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <optional>

#include "base/files.h"
#include "base/sys.h"
#include "supervisor/snapshots/image_mount.h"
#include "supervisor/snapshots/mounted_view.h"
#include "supervisor/snapshots/test_drivers.h"

namespace hull::supervisor {
namespace {

/// What every snapshotter promises.
class SnapshotterContract : public ::testing::TestWithParam<TestDriver> {
 protected:
  void SetUp() override {
    auto place = TestPlace::create(GetParam());
    if (!place.ok()) GTEST_SKIP() << place.error().message();
    place_ = std::move(place).value();
    root_ = place_->path();
    database_.emplace(MUST(open_metadata(place_->records() + "/meta.db")));
    const auto works = GetParam().open(root_ + "/snap");
    if (works.is(Code::kUnimplemented)) GTEST_SKIP() << works.error().message();
    reopen();
  }
  void TearDown() override {
    if (!store_) return;
    flusher_->stop();
    // What is mounted below goes with its snapshot.
    const Filters all = MUST(Filters::parse({}));
    for (int left = 1; left > 0;) {
      left = 0;
      for (const auto& info : MUST(store().list(scope_, all))) left += store().remove(scope_, info.key).ok() ? 1 : 0;
    }
    store_->drain();
    store_.reset();
  }
  void reopen() {
    flusher_ = std::make_unique<Flusher>();  // a former one stops
    store_.reset();
    store_ = MUST(Snapshotter::open(*database_, MUST(GetParam().open(root_ + "/snap")), *flusher_));
    store_->drain();
  }
  Snapshotter& store() { return *store_; }
  size_t directories() {
    store_->drain();
    return MUST(list_directory(root_ + "/snap/snapshots")).size();
  }
  void pretend_another_boot() {
    MUST(database_->write([&](Session& session) -> Result<void> {
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

  /// What the mounts show, to look at and to change.
  void on(const std::vector<Mount>& mounts, const std::function<void(const std::string& root)>& act) {
    const auto view = MUST(MountedView::create(mounts, root_ + "/views"));
    act(view.path());
  }
  void make_layer(const std::string& name, const std::string& parent,
                  const std::function<void(const std::string& root)>& fill) {
    on(MUST(store().prepare(scope_, "work-" + name, parent, {})), fill);
    MUST(store().commit(scope_, name, "work-" + name, {}));
  }
  static std::string text(const std::string& path) { return read_file(path).value_or("none"); }
  static void put(const std::string& path, const std::string& content) {
    MUST(replace_file(path, content, 0644, Durable::kNo));
  }

  std::unique_ptr<TestPlace> place_;
  std::string root_;
  std::optional<Database> database_;
  std::unique_ptr<Flusher> flusher_;
  std::unique_ptr<Snapshotter> store_;
  const Scope scope_{"ns", ""};
};

INSTANTIATE_TEST_SUITE_P(Drivers, SnapshotterContract, ::testing::ValuesIn(kTestDrivers),
                         [](const auto& info) { return std::string(info.param.name); });

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
  EXPECT_EQ(MUST(store().mounts(scope_, "work")), mounts);
  for (const auto& shown : {mounts, MUST(store().view(scope_, "view", "two", {}))})
    on(shown, [](const std::string& root) {
      EXPECT_EQ(text(root + "/one"), "one");
      EXPECT_EQ(text(root + "/two"), "two");
    });
}

TEST_P(SnapshotterContract, ALayerChangesWhatIsBelowForItsChildrenOnly) {
  make_layer("one", "", [](const std::string& root) {
    MUST(make_directories(root + "/dir/old", 0755));
    put(root + "/dir/old/f", "f");
    put(root + "/gone", "x");
    put(root + "/changed", "before");
  });
  make_layer("two", "one", [](const std::string& root) {
    MUST(sys::unlink(root + "/gone"));
    put(root + "/changed", "after");
    MUST(remove_tree(root + "/dir"));
    MUST(make_directories(root + "/dir/new", 0755));
    MUST(sys::chmod(root + "/dir", 01770));
  });
  on(MUST(store().view(scope_, "v2", "two", {})), [](const std::string& root) {
    EXPECT_FALSE(exists(root + "/gone"));
    EXPECT_EQ(text(root + "/changed"), "after");
    EXPECT_EQ(MUST(list_directory(root + "/dir")), std::vector<std::string>{"new"});
    EXPECT_EQ(MUST(sys::stat(root + "/dir")).st_mode & 07777, 01770u);
  });
  on(MUST(store().view(scope_, "v1", "one", {})), [](const std::string& root) {
    EXPECT_EQ(text(root + "/gone"), "x");
    EXPECT_EQ(text(root + "/changed"), "before");
    EXPECT_EQ(text(root + "/dir/old/f"), "f");
  });
}

TEST_P(SnapshotterContract, ARenamedDirectoryIsWhole) {
  make_layer("one", "", [](const std::string& root) {
    MUST(make_directories(root + "/old/deep", 0755));
    put(root + "/old/deep/f", "f");
  });
  // mv(1) copies where a merged directory can't be renamed.
  make_layer("two", "one", [](const std::string& root) { MUST(run_program("mv " + root + "/old " + root + "/new")); });
  on(MUST(store().prepare(scope_, "work", "two", {})), [](const std::string& root) {
    EXPECT_FALSE(exists(root + "/old"));
    EXPECT_EQ(text(root + "/new/deep/f"), "f");
  });
}

TEST_P(SnapshotterContract, OwnersModesLinksAndTimesStay) {
  make_layer("one", "", [](const std::string& root) {
    MUST(sys::chmod(root, 0751));
    MUST(sys::chown(root, 70001, 70002));
    put(root + "/f", "f");
    MUST(sys::chown(root + "/f", 123456, 654321));
    MUST(sys::chmod(root + "/f", 04711));
    MUST(sys::linkat(FdRef(AT_FDCWD), root + "/f", FdRef(AT_FDCWD), root + "/g", 0));
    MUST(sys::symlink("f", root + "/l"));
    const timespec times[2] = {{1, 2}, {1234567890, 123456789}};
    EXPECT_EQ(::utimensat(AT_FDCWD, (root + "/f").c_str(), times, 0), 0);
  });
  for (const auto& mounts :
       {MUST(store().prepare(scope_, "work", "one", {})), MUST(store().view(scope_, "view", "one", {}))})
    on(mounts, [](const std::string& root) {
      const auto top = MUST(sys::stat(root));
      EXPECT_EQ(top.st_mode & 07777, 0751u);
      EXPECT_EQ(top.st_uid, 70001u);
      EXPECT_EQ(top.st_gid, 70002u);
      const auto file = MUST(sys::stat(root + "/l"));
      EXPECT_EQ(file.st_mode & 07777, 04711u);
      EXPECT_EQ(file.st_uid, 123456u);
      EXPECT_EQ(file.st_gid, 654321u);
      EXPECT_EQ(file.st_mtim.tv_sec, 1234567890);
      EXPECT_EQ(MUST(sys::stat(root + "/g")).st_ino, file.st_ino);
    });
}

TEST_P(SnapshotterContract, AViewIsReadOnly) {
  make_committed("one", "");
  make_committed("two", "one");
  for (const std::string parent : {"one", "two"})
    on(MUST(store().view(scope_, "view-" + parent, parent, {})),
       [](const std::string& root) { EXPECT_EQ(sys::mkdir(root + "/x", 0755).error().number(), EROFS); });
}

TEST_P(SnapshotterContract, AHundredAndTwentyEightLayersCanBeMounted) {
  std::string parent;
  for (int i = 0; i < 128; ++i) {
    const std::string name = "layer-" + std::to_string(i);
    MUST(store().prepare(scope_, "work-" + name, parent, {}));
    if (i % 16 == 0) {
      const auto mounts = MUST(store().mounts(scope_, "work-" + name));
      on(mounts, [&](const std::string& root) { put(root + "/" + name, name); });
    }
    MUST(store().commit(scope_, name, "work-" + name, {}));
    parent = name;
  }
  on(MUST(store().prepare(scope_, "work", parent, {})), [](const std::string& root) {
    for (int i = 0; i < 128; i += 16) {
      const std::string name = "layer-" + std::to_string(i);
      EXPECT_EQ(text(root + "/" + name), name);
    }
  });
}

TEST_P(SnapshotterContract, AChildTakesOnlyWhatItChanges) {
  make_layer("one", "", [](const std::string& root) { put(root + "/big", std::string(3 << 20, 'x')); });
  const auto mounts = MUST(store().prepare(scope_, "work", "one", {}));
  on(mounts, [](const std::string& root) { put(root + "/small", std::string(70000, 'y')); });
  const Usage used = MUST(store().usage(scope_, "work"));
  EXPECT_GE(used.size, 70000);
  EXPECT_LT(used.size, GetParam().name == std::string("native") ? 4 << 20 : 1 << 20);
}

TEST_P(SnapshotterContract, AStoreOpenedAgainShowsTheSame) {
  make_committed("one", "");
  make_committed("two", "one");
  const auto before = MUST(store().prepare(scope_, "work", "two", {}));
  on(before, [](const std::string& root) { put(root + "/mine", "mine"); });
  reopen();
  EXPECT_EQ(MUST(store().mounts(scope_, "work")), before);
  on(before, [](const std::string& root) {
    EXPECT_EQ(text(root + "/one") + text(root + "/two") + text(root + "/mine"), "onetwomine");
  });
}

TEST_P(SnapshotterContract, IdMapsShowOwnersWithoutChangingThem) {
  make_committed("one", "");
  make_committed("two", "one");
  const Labels labels{{"containerd.io/snapshot/uidmapping", "0:100000:65536"},
                      {"containerd.io/snapshot/gidmapping", "0:200000:65536"}};
  if (!store().maps_ids()) {
    MUST(store().prepare(scope_, "work", "two", labels));
    return;
  }
  on(MUST(store().prepare(scope_, "work", "two", labels)), [](const std::string& root) {
    for (const char* name : {"", "/one", "/two"}) {
      EXPECT_EQ(MUST(sys::stat(root + name)).st_uid, 100000u) << name;
      EXPECT_EQ(MUST(sys::stat(root + name)).st_gid, 200000u) << name;
    }
  });
  on(MUST(store().view(scope_, "plain", "two", {})),
     [](const std::string& root) { EXPECT_EQ(MUST(sys::stat(root + "/one")).st_uid, 0u); });
  EXPECT_TRUE(store()
                  .prepare(scope_, "half", "two", {{"containerd.io/snapshot/uidmapping", "0:100000:65536"}})
                  .is(Code::kInvalidArgument));
  for (const std::string bad : {"x", "0:1", "0:1:0", "0:1:2:3", "-1:0:5", "0:99999999999:1"})
    EXPECT_TRUE(store()
                    .prepare(scope_, "bad", "two",
                             {{"containerd.io/snapshot/uidmapping", bad}, {"containerd.io/snapshot/gidmapping", bad}})
                    .is(Code::kInvalidArgument))
        << bad;
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
  EXPECT_GE(MUST(store().usage(scope_, "layer")).size, 100000);
  EXPECT_EQ(MUST(store().usage(scope_, "layer")).size, MUST(store().usage(scope_, "layer")).size);
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

/// One driver alone, without records.
OpenedDriver open_on(const TestPlace& place, const TestDriver& kind) { return kind.open(place.path() + "/snap"); }

TEST(BtrfsDriver, RemovesReadOnlySubvolumesThatAContainerLeft) {
  const auto place = TestPlace::create(kTestDrivers[2]);
  if (!place.ok()) GTEST_SKIP() << place.error().message();
  const auto driver = MUST(open_on(**place, kTestDrivers[2]));
  MUST(driver->create({1, SnapshotKind::kActive, {}, {}}));
  const std::string root = MUST(driver->mounts({1, SnapshotKind::kActive, {}, {}}))[0].source;
  MUST(run_program("btrfs subvolume create " + root + "/outer"));
  MUST(run_program("btrfs subvolume create " + root + "/outer/inner"));
  MUST(run_program("btrfs property set " + root + "/outer ro true"));
  MUST(driver->remove(1));
  EXPECT_TRUE(MUST(driver->list()).empty());
}

TEST(ErofsDriver, ACommitWithoutARecordLeavesItActive) {
  const auto place = MUST(TestPlace::create(kTestDrivers[3]));
  auto opened = open_on(*place, kTestDrivers[3]);
  if (!opened.ok()) GTEST_SKIP() << opened.error().message();
  const auto driver = std::move(opened).value();
  const SnapshotChain active{1, SnapshotKind::kActive, {}, {}};
  MUST(driver->create(active));
  const std::string upper = MUST(driver->mounts(active))[0].source;
  MUST(replace_file(upper + "/f", "first", 0644, Durable::kNo));
  MUST(driver->commit(1));  // and then we are killed
  EXPECT_EQ(MUST(read_file(upper + "/f")), "first");
  MUST(replace_file(upper + "/f", "second", 0644, Durable::kNo));
  MUST(driver->commit(1));
  MUST(driver->settle(1));
  MUST(driver->settle(1));
  EXPECT_FALSE(exists(upper));
  MUST(driver->create({2, SnapshotKind::kView, {1}, {}}));
  const std::string shown = MUST(driver->mounts({2, SnapshotKind::kView, {1}, {}}))[0].source;
  EXPECT_EQ(MUST(read_file(shown + "/f")), "second");
  MUST(driver->remove(2));
  MUST(driver->remove(1));
}

TEST(ImageMount, GoesThroughALoopDevice) {
  const auto place = MUST(TestPlace::create(kTestDrivers[0]));
  const std::string image = place->path() + "/image";
  MUST(make_directories(place->path() + "/tree/d", 0755));
  MUST(make_directories(place->path() + "/mounted", 0755));
  if (const auto made = run_program("mkfs.erofs " + image + " " + place->path() + "/tree"); !made.ok())
    GTEST_SKIP() << made.error().message();
  const auto mounted = mount_image_by_loop(image, place->path() + "/mounted");
  if (mounted.is(Code::kNotFound) || mounted.is(Code::kPermissionDenied)) GTEST_SKIP() << mounted.error().message();
  MUST(mounted);
  EXPECT_TRUE(exists(place->path() + "/mounted/d"));
  MUST(mount_image(image, place->path() + "/mounted"));  // it is there
  EXPECT_EQ(::umount2((place->path() + "/mounted").c_str(), 0), 0);
  EXPECT_FALSE(exists(place->path() + "/mounted/d"));
}

}  // namespace
}  // namespace hull::supervisor
