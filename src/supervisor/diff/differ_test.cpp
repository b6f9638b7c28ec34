#include "supervisor/diff/differ.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "archive/diff.h"
#include "archive/gardener.h"
#include "archive/tar_reader.h"
#include "archive/test_tree.h"
#include "spec/image/media_type.h"
#include "supervisor/snapshots/mounted_view.h"
#include "supervisor/snapshots/snapshotter.h"
#include "supervisor/snapshots/test_drivers.h"

namespace hull::supervisor {
namespace {

std::vector<std::string> names_in(const std::string& tar) {
  archive::MemorySource source(tar);
  archive::TarReader reader(source);
  std::vector<std::string> names;
  while (const auto entry = MUST(reader.next())) names.push_back(entry->name);
  return names;
}

/// Layers through every snapshotter: what is written through mounts, made a layer and unpacked again is the same.
class DifferProperty : public ::testing::TestWithParam<TestDriver> {
 protected:
  void SetUp() override {
    auto place = TestPlace::create(GetParam());
    if (!place.ok()) GTEST_SKIP() << place.error().message();
    place_ = std::move(place).value();
    const std::string root = place_->path();
    database_.emplace(MUST(open_metadata(place_->records() + "/meta.db")));
    auto driver = GetParam().open(root + "/snap");
    if (driver.is(Code::kUnimplemented)) GTEST_SKIP() << driver.error().message();
    local_ = MUST(LocalStore::open(root + "/content", flusher_));
    content_.emplace(*database_, *local_);
    store_ = MUST(Snapshotter::open(*database_, MUST(std::move(driver)), flusher_));
    differ_.emplace(*content_, root + "/views", archive::unpack_apart(HULL_UNPACK));
  }
  void TearDown() override {
    flusher_.stop();
    if (!store_) return;
    const Filters all = MUST(Filters::parse({}));
    for (int left = 1; left > 0;) {
      left = 0;
      for (const auto& info : MUST(store_->list(scope_, all))) left += store_->remove(scope_, info.key).ok() ? 1 : 0;
    }
    store_->drain();
    store_.reset();
  }

  using Act = std::function<void(const std::string& root)>;
  void on(const std::vector<Mount>& mounts, const Act& act) {
    const auto view = MUST(MountedView::create(mounts, place_->path() + "/views"));
    act(view.path());
  }
  std::vector<Mount> prepare(const std::string& key, const std::string& parent) {
    return MUST(store_->prepare(scope_, key, parent, {}));
  }
  std::vector<Mount> view(const std::string& parent) {
    return parent.empty() ? std::vector<Mount>() : MUST(store_->view(scope_, "view-" + parent, parent, {}));
  }
  /// Grows a layer by hand, makes it a blob, and unpacks that over `copy_parent`: both must show the same.
  void check_layer(const std::string& name, const std::string& parent, const std::string& copy_parent,
                   const std::string& media_type, const Act& grow) {
    const auto mounts = prepare("work-" + name, parent);
    on(mounts, grow);
    const auto layer = MUST(differ_->diff(scope_, view(parent), mounts, {media_type, "", {}}));
    const auto copy = prepare("copy-" + name, copy_parent);
    const auto applied = MUST(differ_->apply(scope_, layer, copy, SyncFs::kNo));
    EXPECT_EQ(MUST(content_->info(scope_, layer.digest)).labels.at("containerd.io/uncompressed"), applied.digest.str());
    const auto shown = MUST(MountedView::create(mounts, place_->path() + "/views"));
    const auto again = MUST(MountedView::create(copy, place_->path() + "/views"));
    archive::StringSink rest;
    MUST(archive::write_changes(MUST(sys::open(shown.path(), O_RDONLY | O_DIRECTORY)),
                                MUST(sys::open(again.path(), O_RDONLY | O_DIRECTORY)), rest));
    EXPECT_EQ(names_in(rest.text()), std::vector<std::string>());
  }
  void commit(const std::string& name) {
    MUST(store_->commit(scope_, name, "work-" + name, {}));
    MUST(store_->commit(scope_, name + "-copy", "copy-" + name, {}));
  }

  std::unique_ptr<TestPlace> place_;
  Flusher flusher_;
  std::optional<Database> database_;
  std::unique_ptr<LocalStore> local_;
  std::optional<ContentStore> content_;
  std::unique_ptr<Snapshotter> store_;
  std::optional<Differ> differ_;
  const Scope scope_{"ns", ""};
};

INSTANTIATE_TEST_SUITE_P(Drivers, DifferProperty, ::testing::ValuesIn(kTestDrivers),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(DifferProperty, ApplyOfADiffIsWhatItWasMadeOf) {
  using archive::Gardener;
  const std::string plain(image::media::kOciLayer);
  const std::string kTypes[] = {plain, plain + "+gzip", plain + "+zstd"};
  for (const unsigned seed : archive::garden_seeds(6)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Gardener gardener(seed, Gardener::Fractions::kYes);
    const std::string n = std::to_string(seed);
    check_layer("a" + n, "", "", kTypes[seed % 3], [&](const std::string& root) { gardener.grow(root, 30); });
    commit("a" + n);
    check_layer("b" + n, "a" + n, "a" + n + "-copy", kTypes[(seed + 1) % 3],
                [&](const std::string& root) { gardener.change(root); });
    commit("b" + n);
    check_layer("c" + n, "b" + n, "b" + n + "-copy", "", [&](const std::string& root) { gardener.change(root); });
    if (HasFailure()) return;
  }
}

TEST_P(DifferProperty, AForeignLayerIsRefusedWithTheReason) {
  image::Descriptor foreign;
  foreign.digest = image::Digest::of("elsewhere");
  const auto mounts = prepare("work", "");
  for (const char* type : {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                           "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"}) {
    foreign.media_type = type;
    const auto applied = differ_->apply(scope_, foreign, mounts, SyncFs::kNo);
    ASSERT_TRUE(applied.is(Code::kInvalidArgument));
    EXPECT_NE(applied.error().message().find(type), std::string::npos);
    EXPECT_FALSE(differ_->diff(scope_, {}, mounts, {type, "", {}}).ok());
  }
}

}  // namespace
}  // namespace hull::supervisor
