#include "supervisor/gc/collector.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <thread>

#include "base/files.h"
#include "supervisor/leases/leases.h"
#include "supervisor/metadata/containers.h"
#include "supervisor/metadata/images.h"
#include "supervisor/snapshots/overlay_driver.h"

namespace hull::supervisor {
namespace {

class CollectorTest : public ::testing::Test {
 protected:
  CollectorTest()
      : root_(make_root()),
        database_(MUST(open_metadata(root_ + "/meta.db"))),
        local_(MUST(LocalStore::open(root_ + "/content", flusher_))),
        content_(database_, *local_),
        snapshotter_(MUST(Snapshotter::open(database_, MUST(OverlayDriver::open(root_ + "/snap")), flusher_))),
        collector_(database_, content_, {snapshotter_.get()}) {}
  ~CollectorTest() override {
    flusher_.stop();
    snapshotter_->drain();
    (void)remove_tree(root_);
  }
  static std::string make_root() {
    char name[] = "/tmp/hull-gc-XXXXXX";
    return ::mkdtemp(name);
  }
  image::Digest put(const std::string& text, const Labels& labels = {}, const Scope& scope = {"ns", ""}) {
    auto writer = MUST(content_.writer(scope, "ref-" + text, 0, {}));
    MUST(writer.write(text));
    return MUST(writer.commit(0, {}, labels)).digest;
  }
  void make_image(const std::string& name, const image::Digest& target, const Labels& labels = {}) {
    ImageRecord record;
    record.labels = labels;
    record.name = name;
    record.target.media_type = "m";
    record.target.digest = target;
    record.target.size = 1;
    MUST(images_.create(scope_, record));
  }
  void make_snapshot(const std::string& name, const std::string& parent, const Labels& labels = {}) {
    MUST(snapshotter_->prepare(scope_, "w" + name, parent, {}));
    MUST(snapshotter_->commit(scope_, name, "w" + name, labels));
  }
  bool has(const image::Digest& digest) { return content_.info(scope_, digest).ok() && local_->stat(digest).ok(); }
  bool has(const std::string& snapshot) { return snapshotter_->stat(scope_, snapshot).ok(); }

  const std::string root_;
  Database database_;
  Flusher flusher_;
  std::unique_ptr<LocalStore> local_;
  ContentStore content_;
  std::unique_ptr<Snapshotter> snapshotter_;
  ImageStore images_{database_};
  ContainerStore containers_{database_};
  LeaseStore leases_{database_};
  Collector collector_;
  const Scope scope_{"ns", ""};
};

TEST_F(CollectorTest, KeepsWhatAnImageRefersTo) {
  const auto layer = put("layer");
  const auto config = put("config", {{"containerd.io/gc.ref.snapshot.overlayfs", "top"}});
  const auto manifest = put("manifest", {{"containerd.io/gc.ref.content.l.0", layer.str()},
                                         {"containerd.io/gc.ref.content.config", config.str()}});
  const auto junk = put("junk");
  make_snapshot("base", "");
  make_snapshot("top", "base");
  make_snapshot("alone", "");
  make_image("x", manifest);
  const auto collected = MUST(collector_.run());
  EXPECT_EQ(collected.contents, 1);
  EXPECT_EQ(collected.snapshots, 1);
  EXPECT_TRUE(has(layer) && has(config) && has(manifest) && has("base") && has("top"));
  EXPECT_FALSE(has(junk) || has("alone"));
  EXPECT_FALSE(local_->stat(junk).ok());
  MUST(images_.remove(scope_, "x", {}));
  MUST(collector_.run());
  EXPECT_FALSE(has(layer) || has(config) || has(manifest) || has("base") || has("top"));
  EXPECT_TRUE(MUST(local_->list()).empty());
}

TEST_F(CollectorTest, KeepsLabelledRootsAndContainersSnapshots) {
  const auto root = put("root", {{"containerd.io/gc.root", "now"}});
  make_snapshot("base", "");
  MUST(snapshotter_->prepare(scope_, "c", "base", {}));
  ContainerRecord record;
  record.id = "c";
  record.runtime = "r";
  record.spec = {"t", "s"};
  record.snapshotter = "overlayfs";
  record.snapshot_key = "c";
  MUST(containers_.create(scope_, record));
  MUST(collector_.run());
  EXPECT_TRUE(has(root) && has("c") && has("base"));
  MUST(containers_.remove(scope_, "c"));
  MUST(collector_.run());
  EXPECT_FALSE(has("c") || has("base"));
}

TEST_F(CollectorTest, LeasesKeepUntilTheyEnd) {
  MUST(leases_.create(scope_, {"l", {}, {}}));
  const Scope leased{"ns", "l"};
  const auto kept = put("kept", {}, leased);
  MUST(snapshotter_->prepare(leased, "s", "", {}));
  MUST(collector_.run());
  EXPECT_TRUE(has(kept) && has("s"));
  MUST(leases_.remove(scope_, "l"));
  MUST(collector_.run());
  EXPECT_FALSE(has(kept) || has("s"));
}

TEST_F(CollectorTest, ExpiredLeasesEnd) {
  MUST(leases_.create(scope_, {"old", {{"containerd.io/gc.expire", "2020-01-02T03:04:05Z"}}, {}}));
  MUST(leases_.create(scope_, {"new", {{"containerd.io/gc.expire", "2100-01-02T03:04:05Z"}}, {}}));
  const auto gone = put("gone", {}, {"ns", "old"});
  const auto kept = put("kept", {}, {"ns", "new"});
  EXPECT_EQ(MUST(collector_.run()).leases, 1);
  EXPECT_FALSE(has(gone));
  EXPECT_TRUE(has(kept));
}

TEST_F(CollectorTest, AFlatLeaseKeepsOnlyWhatItHolds) {
  MUST(leases_.create(scope_, {"flat", {{"containerd.io/gc.flat", "y"}}, {}}));
  const auto layer = put("layer");
  const auto manifest = put("manifest", {{"containerd.io/gc.ref.content", layer.str()}}, {"ns", "flat"});
  MUST(collector_.run());
  EXPECT_TRUE(has(manifest));
  EXPECT_FALSE(has(layer));
}

TEST_F(CollectorTest, ImagesThatExpiredGoUnlessSomethingRefersToThem) {
  const auto old = put("old");
  const auto referred = put("referred");
  const auto fresh = put("fresh");
  const auto odd = put("odd");
  const Labels past{{"containerd.io/gc.expire", "2020-01-02T03:04:05Z"}};
  make_image("old", old, past);
  make_image("referred", referred, past);
  make_image("fresh", fresh, {{"containerd.io/gc.expire", "2100-01-02T03:04:05Z"}});
  make_image("odd", odd, {{"containerd.io/gc.expire", "soon"}, {"containerd.io/gc.ref.image.other", "referred"}});
  EXPECT_EQ(MUST(collector_.run()).images, 1);
  EXPECT_TRUE(images_.get(scope_, "old").is(Code::kNotFound));
  EXPECT_FALSE(has(old));
  EXPECT_TRUE(has(referred) && has(fresh) && has(odd));
}

TEST_F(CollectorTest, ALeaseKeepsAnExpiredImage) {
  const auto target = put("target");
  make_image("old", target, {{"containerd.io/gc.expire", "2020-01-02T03:04:05Z"}});
  MUST(leases_.create(scope_, {"l", {}, {}}));
  MUST(leases_.add(scope_, "l", {"images", "old"}));
  EXPECT_EQ(MUST(collector_.run()).images, 0);
  EXPECT_TRUE(has(target));
  MUST(leases_.remove(scope_, "l"));
  EXPECT_EQ(MUST(collector_.run()).images, 1);
  EXPECT_FALSE(has(target));
}

TEST_F(CollectorTest, ContentAndSnapshotsStayUntilTheyExpire) {
  const auto past = put("past", {{"containerd.io/gc.expire", "2020-01-02T03:04:05Z"}});
  const auto future = put("future", {{"containerd.io/gc.expire", "2100-01-02T03:04:05Z"}});
  make_snapshot("past", "", {{"containerd.io/gc.expire", "2020-01-02T03:04:05+01:00"}});
  make_snapshot("future", "", {{"containerd.io/gc.expire", "2100-01-02T03:04:05+01:00"}});
  MUST(collector_.run());
  EXPECT_TRUE(has(future) && has("future"));
  EXPECT_FALSE(has(past) || has("past"));
}

TEST_F(CollectorTest, WhatBelongsToSomethingStaysAsLongAsThat) {
  const auto target = put("target");
  make_image("i", target);
  make_snapshot("owner", "", {{"containerd.io/gc.root", "x"}});
  const auto of_content = put("a", {{"containerd.io/gc.bref.content.x", target.str()}});
  const auto of_image = put("b", {{"containerd.io/gc.bref.image", "i"}});
  const auto of_snapshot = put("c", {{"containerd.io/gc.bref.snapshot.overlayfs/x", "owner"}});
  const auto of_that = put("d", {{"containerd.io/gc.bref.content", of_image.str()}});
  const auto of_nothing = put("e", {{"containerd.io/gc.bref.image", "elsewhere"}});
  const auto no_label = put("f", {{"containerd.io/gc.bref.imageless", "i"}});
  make_snapshot("mine", "", {{"containerd.io/gc.bref.image/y", "i"}});
  MUST(collector_.run());
  EXPECT_TRUE(has(of_content) && has(of_image) && has(of_snapshot) && has(of_that) && has("mine"));
  EXPECT_FALSE(has(of_nothing) || has(no_label));
  MUST(images_.remove(scope_, "i", {}));
  MUST(collector_.run());
  EXPECT_TRUE(has(of_snapshot));
  EXPECT_FALSE(has(of_content) || has(of_image) || has(of_that) || has("mine"));
}

TEST_F(CollectorTest, RunsBesideWritersWithoutLosingWhatTheyKeep) {
  MUST(leases_.create(scope_, {"l", {}, {}}));
  std::atomic<bool> done = false;
  std::thread collecting([&] {
    while (!done) MUST(collector_.run());
  });
  std::vector<image::Digest> kept;
  for (int i = 0; i < 100; ++i) {
    kept.push_back(put("kept " + std::to_string(i), {}, {"ns", "l"}));
    put("junk " + std::to_string(i));
    MUST(snapshotter_->prepare({"ns", "l"}, "s" + std::to_string(i), "", {}));
  }
  done = true;
  collecting.join();
  for (const auto& digest : kept) EXPECT_TRUE(has(digest));
  snapshotter_->drain();
  EXPECT_EQ(MUST(list_directory(root_ + "/snap/snapshots")).size(), 100u);
}

TEST_F(CollectorTest, ItsThreadSparesWhatIsYoung) {
  const auto young = put("young");
  const auto old = put("old");
  MUST(database_.write([&](Session& session) -> Result<void> {
    return TRY(session.prepare("UPDATE content SET created=0 WHERE digest=?1")).bind(old.str()).run();
  }));
  MUST(collector_.start());
  collector_.schedule();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (has(old) && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  collector_.stop();
  EXPECT_FALSE(has(old));
  EXPECT_TRUE(has(young));
}

}  // namespace
}  // namespace hull::supervisor
