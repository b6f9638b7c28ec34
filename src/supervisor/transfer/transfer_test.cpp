#include <gtest/gtest.h>
#include <stdlib.h>

#include "archive/tar_writer.h"
#include "archive/test_tree.h"
#include "base/files.h"
#include "supervisor/snapshots/native_driver.h"
#include "supervisor/transfer/export.h"
#include "supervisor/transfer/import.h"

namespace hull::supervisor {
namespace {

/// A supervisor's stores, and transfers between them and memory.
class Place {
 public:
  Place()
      : root_(make_root()),
        database_(MUST(open_metadata(root_ + "/meta.db"))),
        local_(MUST(LocalStore::open(root_ + "/content", flusher_))),
        content_(database_, *local_),
        snapshotter_(MUST(Snapshotter::open(database_, MUST(NativeDriver::open(root_ + "/snap")), flusher_))),
        differ_(content_, root_ + "/mounts", archive::unpack_layer) {}
  ~Place() {
    flusher_.stop();
    snapshotter_->drain();
    (void)remove_tree(root_);
  }

  Result<void> import(const std::string& tar, const ImageNames& names) {
    archive::MemorySource source(tar);
    auto job = this->job();
    return import_images(job, source, names, [](const ImageRecord&, bool) {});
  }
  std::string exported(const std::string& name) {
    archive::StringSink sink;
    auto job = this->job();
    MUST(export_images(job, {.name = name}, {}, sink));
    return sink.text();
  }
  Result<void> tag(const std::string& from, const std::string& to) {
    auto job = this->job();
    return tag_image(job, from, {.name = to}, [](const ImageRecord&, bool) {});
  }
  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const auto& image : MUST(images_.list(scope_, MUST(Filters::parse({}))))) names.push_back(image.name);
    return names;
  }
  image::Descriptor target(const std::string& name) { return MUST(images_.get(scope_, name)).target; }
  size_t leases() { return MUST(leases_.list(scope_, MUST(Filters::parse({})))).size(); }
  Snapshotter& snapshots() { return *snapshotter_; }
  const Scope& scope() const { return scope_; }
  const std::vector<std::string>& events() const { return events_; }

 private:
  static std::string make_root() {
    char name[] = "/tmp/hull-transfer-XXXXXX";
    return ::mkdtemp(name);
  }
  TransferJob job() {
    return {.call = call_, .stores = stores_, .scope = scope_, .report = [this](const TransferProgress& progress) {
              events_.push_back(progress.event + (progress.event == "saved" ? " " + progress.name : ""));
            }};
  }

  const std::string root_;
  Database database_;
  Flusher flusher_;
  std::unique_ptr<LocalStore> local_;
  ContentStore content_;
  std::unique_ptr<Snapshotter> snapshotter_;
  Differ differ_;
  ImageStore images_{database_};
  LeaseStore leases_{database_};
  TransferStores stores_{content_, images_, leases_, differ_, {snapshotter_.get()}};
  const Scope scope_{"ns", ""};
  const Call call_;
  std::vector<std::string> events_;
};

image::Digest digest_of(const std::string& text) { return image::Digest::of(text); }

std::string layer(const std::string& file) { return archive::TestTar().file(file, "content of " + file).text(); }

std::string config_for(const std::vector<std::string>& layers) {
  std::string ids;
  for (const auto& each : layers) ids += (ids.empty() ? "\"" : ",\"") + digest_of(each).str() + "\"";
  return R"({"architecture":")" + image::Platform::host().architecture +
         R"(","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[)" + ids + "]}}";
}

/// As docker saves it: the second layer is a link, as docker wrote equal ones.
std::string docker_archive(const std::string& tags) {
  const std::vector<std::string> layers{layer("a"), layer("b")};
  archive::TestTar tar;
  tar.file("one/layer.tar", layers[0]).file("two/layer.tar", layers[1]);
  tar.add(archive::entry("three/layer.tar", S_IFLNK | 0777, "../two/layer.tar"));
  tar.file("config.json", config_for(layers));
  tar.file("manifest.json",
           R"([{"Config":"config.json","RepoTags":)" + tags + R"(,"Layers":["one/layer.tar","three/layer.tar"]}])");
  return tar.text();
}

ImageNames any_name() { return {.rules = {{.name = "import", .is_prefix = true, .allow_overwrite = true}}}; }

TEST(Transfer, AnArchiveOfDockersIsImportedAndUnpacked) {
  Place place;
  auto names = any_name();
  names.unpacks.push_back({image::Platform::host(), "native"});
  MUST(place.import(docker_archive(R"(["busybox:1","example.com/b:2"])"), names));
  EXPECT_EQ(place.names(), (std::vector<std::string>{"docker.io/library/busybox:1", "example.com/b:2"}));
  const std::vector<image::Digest> ids{digest_of(layer("a")), digest_of(layer("b"))};
  EXPECT_TRUE(place.snapshots().stat(place.scope(), image::chain_id(ids).str()).ok());
  EXPECT_EQ(place.leases(), 0u);
  EXPECT_EQ(place.events().front(), "Importing");
  EXPECT_EQ(place.events().back(), "Completed import");
}

TEST(Transfer, WhatIsExportedIsImportedAsTheSame) {
  Place here;
  Place there;
  MUST(here.import(docker_archive(R"(["busybox:1"])"), any_name()));
  const std::string tar = here.exported("docker.io/library/busybox:1");
  MUST(there.import(tar, any_name()));
  EXPECT_EQ(there.names(), here.names());
  EXPECT_EQ(there.target(there.names()[0]).digest, here.target(here.names()[0]).digest);
  EXPECT_EQ(here.exported("docker.io/library/busybox:1"), tar);
}

TEST(Transfer, RulesSayWhichNamesAnImportMakes) {
  const std::string tar = docker_archive(R"(["example.com/b:2"])");
  const auto names = [&](const NameRule& rule) {
    Place place;
    MUST(place.import(tar, {.rules = {rule}}));
    return place.names();
  };
  EXPECT_TRUE(names({.name = "other", .is_prefix = true}).empty());
  EXPECT_TRUE(names({.name = "example.com/bb", .is_prefix = true}).empty());
  EXPECT_EQ(names({.name = "example.com/b", .is_prefix = true}), std::vector<std::string>{"example.com/b:2"});
  EXPECT_EQ(names({.name = "example.com", .is_prefix = true, .add_digest = true, .skip_named_digest = true}),
            std::vector<std::string>{"example.com/b:2"});
  const auto digested = names({.name = "other", .is_prefix = true, .add_digest = true});
  ASSERT_EQ(digested.size(), 1u);
  EXPECT_TRUE(digested[0].starts_with("other@sha256:"));
}

TEST(Transfer, ATagIsAFurtherName) {
  Place place;
  MUST(place.import(docker_archive(R"(["busybox:1"])"), any_name()));
  MUST(place.tag("docker.io/library/busybox:1", "example.com/x:1"));
  MUST(place.tag("docker.io/library/busybox:1", "example.com/x:1"));
  EXPECT_EQ(place.target("example.com/x:1"), place.target("docker.io/library/busybox:1"));
  EXPECT_TRUE(place.tag("nosuch", "example.com/y:1").is(Code::kNotFound));
  EXPECT_TRUE(place.tag("example.com/x:1", "").is(Code::kInvalidArgument));
}

TEST(Transfer, BadArchivesLeaveNoName) {
  const std::string bad[] = {
      "",
      archive::TestTar().file("x", "y").text(),
      archive::TestTar().file("index.json", "{").text(),
      archive::TestTar().file("index.json", R"({"schemaVersion":2,"manifests":[]})").text(),
      archive::TestTar().file("manifest.json", R"([{"Config":"../../etc/passwd","Layers":[]}])").text(),
      archive::TestTar()
          .file("manifest.json", R"([{"Config":"c","RepoTags":["UPPER:1"],"Layers":[]}])")
          .file("c", config_for({}))
          .text(),
      archive::TestTar().file("blobs/sha256/" + std::string(64, '0'), "other").file("index.json", "{}").text(),
      docker_archive(R"(["busybox:1"])").substr(0, 3000),
  };
  for (const std::string& tar : bad) {
    Place place;
    EXPECT_FALSE(place.import(tar, any_name()).ok()) << tar.size();
    EXPECT_TRUE(place.names().empty());
    EXPECT_EQ(place.leases(), 0u);
  }
}

TEST(Transfer, LinksInACircleAreNoFile) {
  Place place;
  archive::TestTar tar;
  tar.add(archive::entry("a", S_IFLNK | 0777, "b")).add(archive::entry("b", S_IFLNK | 0777, "a"));
  tar.file("manifest.json", R"([{"Config":"a","Layers":[]}])");
  EXPECT_TRUE(place.import(tar.text(), any_name()).is(Code::kInvalidArgument));
}

TEST(Transfer, AMissingSnapshotterIsNamed) {
  Place place;
  auto names = any_name();
  names.unpacks.push_back({image::Platform::host(), "zfs"});
  const auto refused = place.import(docker_archive(R"(["busybox:1"])"), names);
  ASSERT_TRUE(refused.is(Code::kNotFound));
  EXPECT_NE(refused.error().message().find("zfs"), std::string::npos);
  EXPECT_TRUE(place.names().empty());
}

}  // namespace
}  // namespace hull::supervisor
