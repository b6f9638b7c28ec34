#include "supervisor/metadata/records.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/files.h"
#include "supervisor/metadata/containers.h"
#include "supervisor/metadata/content.h"
#include "supervisor/metadata/images.h"
#include "supervisor/metadata/namespaces.h"
#include "supervisor/metadata/sandboxes.h"

namespace hull::supervisor {
namespace {

class RecordsTest : public ::testing::Test {
 protected:
  RecordsTest() : root_(make_root()), database_(MUST(open_metadata(root_ + "/meta.db"))) {}
  ~RecordsTest() override { (void)remove_tree(root_); }
  static std::string make_root() {
    char name[] = "/tmp/hull-meta-XXXXXX";
    return ::mkdtemp(name);
  }
  static ImageRecord image(const std::string& name) {
    ImageRecord record;
    record.name = name;
    record.target.media_type = "m";
    record.target.digest = image::Digest::of(name);
    record.target.size = 3;
    record.labels = {{"a", "1"}, {"b", "2"}};
    return record;
  }
  static ContainerRecord container(const std::string& id) {
    ContainerRecord record;
    record.id = id;
    record.runtime = "io.containerd.hull.v2";
    record.spec = {"types.example/Spec", std::string("\0\xff{}", 4)};
    record.extensions = {{"e", {"t", "v"}}};
    return record;
  }

  const std::string root_;
  Database database_;
  const Scope one_{"one", ""};
  const Scope two_{"two", ""};
};

TEST_F(RecordsTest, ImagesBelongToTheirNamespace) {
  ImageStore images(database_);
  MUST(images.create(one_, image("x")));
  EXPECT_TRUE(images.create(one_, image("x")).is(Code::kAlreadyExists));
  EXPECT_TRUE(images.get(two_, "x").is(Code::kNotFound));
  MUST(images.create(two_, image("x")));
  EXPECT_EQ(MUST(images.list(one_, {})).size(), 1u);
  MUST(images.remove(one_, "x", {}));
  EXPECT_TRUE(images.remove(one_, "x", {}).is(Code::kNotFound));
  EXPECT_TRUE(images.get(two_, "x").ok());
}

TEST_F(RecordsTest, AMaskSetsOnlyItsFields) {
  ImageStore images(database_);
  MUST(images.create(one_, image("x")));
  ImageRecord change = image("x");
  change.labels = {{"a", "changed"}, {"b", "ignored"}};
  change.target.digest = image::Digest::of("other");
  auto updated = MUST(images.update(one_, change, {{"labels.a"}}));
  EXPECT_EQ(updated.labels.at("a"), "changed");
  EXPECT_EQ(updated.labels.at("b"), "2");
  EXPECT_EQ(updated.target.digest, image::Digest::of("x"));
  change.labels.erase("a");
  MUST(images.update(one_, change, {{"labels.a"}}));
  EXPECT_FALSE(MUST(images.get(one_, "x")).labels.contains("a"));
  EXPECT_TRUE(images.update(one_, change, {{"name"}}).is(Code::kInvalidArgument));
  EXPECT_EQ(MUST(images.update(one_, change, {{"target"}})).target.digest, image::Digest::of("other"));
}

TEST_F(RecordsTest, ContainersKeepOpaqueBytes) {
  ContainerStore containers(database_);
  MUST(containers.create(one_, container("c")));
  const auto record = MUST(containers.get(one_, "c"));
  EXPECT_EQ(record.spec.value, std::string("\0\xff{}", 4));
  EXPECT_EQ(record.extensions.at("e").value, "v");
  ContainerRecord change = container("c");
  change.extensions = {{"f", {"t", "w"}}};
  EXPECT_EQ(MUST(containers.update(one_, change, {{"extensions.f"}})).extensions.size(), 2u);
  change.image = "another";
  change.runtime_options = {"t", "changed"};
  change.sandbox = "changed";
  const auto replaced = MUST(containers.update(one_, change, {}));
  EXPECT_EQ(replaced.image, "another");
  EXPECT_EQ(replaced.extensions.size(), 1u);
  EXPECT_EQ(replaced.runtime_options.value, record.runtime_options.value);
  EXPECT_EQ(replaced.sandbox, record.sandbox);
  change.runtime = "other";
  EXPECT_TRUE(containers.update(one_, change, {}).is(Code::kInvalidArgument));
  MUST(containers.remove(one_, "c"));
  EXPECT_TRUE(containers.get(one_, "c").is(Code::kNotFound));
}

TEST_F(RecordsTest, BadContainersAreRefused) {
  ContainerStore containers(database_);
  for (const char* id : {"", "a/b", "..", "-"})
    EXPECT_TRUE(containers.create(one_, container(id)).is(Code::kInvalidArgument)) << id;
  auto record = container("c");
  record.labels["k"] = std::string(5000, 'x');
  EXPECT_TRUE(containers.create(one_, record).is(Code::kInvalidArgument));
  record = container("c");
  record.spec = {};
  EXPECT_TRUE(containers.create(one_, record).is(Code::kInvalidArgument));
}

TEST_F(RecordsTest, AFullNamespaceStays) {
  NamespaceStore namespaces(database_);
  ImageStore images(database_);
  MUST(images.create(one_, image("x")));
  EXPECT_TRUE(namespaces.remove("one").is(Code::kFailedPrecondition));
  MUST(images.remove(one_, "x", {}));
  MUST(namespaces.remove("one"));
  EXPECT_TRUE(namespaces.remove("one").is(Code::kNotFound));
  EXPECT_TRUE(MUST(namespaces.get("one")).labels.empty());
  EXPECT_TRUE(namespaces.create({"a/b", {}}).is(Code::kInvalidArgument));
}

TEST_F(RecordsTest, BytesAreSharedAndRecordsAreNot) {
  Flusher flusher;
  auto local = MUST(LocalStore::open(root_ + "/content", flusher));
  ContentStore content(database_, *local);
  const auto digest = image::Digest::of("bytes");
  for (const Scope& scope : {one_, two_}) {
    auto writer = MUST(content.writer(scope, "ref", 5, digest));
    MUST(writer.write("bytes"));
    EXPECT_EQ(MUST(writer.commit(5, digest, {{"ns", scope.ns}})).digest, digest);
  }
  EXPECT_TRUE(content.writer(one_, "ref", 5, digest).is(Code::kAlreadyExists));
  EXPECT_EQ(MUST(content.info(two_, digest)).labels.at("ns"), "two");
  MUST(content.remove(one_, digest));
  EXPECT_TRUE(content.open_blob(one_, digest).is(Code::kNotFound));
  EXPECT_EQ(MUST(content.remove_unreferenced()), 0);
  EXPECT_TRUE(content.open_blob(two_, digest).ok());
  MUST(content.remove(two_, digest));
  EXPECT_EQ(MUST(content.remove_unreferenced()), 5);
  EXPECT_TRUE(MUST(local->list()).empty());
}

TEST_F(RecordsTest, DamagedBlobsAreForgottenAndComeAgain) {
  Flusher flusher;
  auto local = MUST(LocalStore::open(root_ + "/content", flusher));
  ContentStore content(database_, *local);
  const auto digest = image::Digest::of("bytes");
  const std::string path = root_ + "/content/blobs/sha256/" + std::string(digest.hex());
  const auto put = [&] {
    auto writer = MUST(content.writer(one_, "ref", 5, digest));
    MUST(writer.write("bytes"));
    MUST(writer.commit(5, digest, {}));
  };
  put();
  MUST(replace_file(path, "byteX", 0444));
  EXPECT_TRUE(content.open_blob(one_, digest).is(Code::kDataLoss));
  EXPECT_TRUE(content.info(one_, digest).is(Code::kNotFound));
  put();
  for (const bool truncated : {true, false}) {
    MUST(truncated ? replace_file(path, "by", 0444) : remove_tree(path));
    MUST(content.drop_damaged());
    EXPECT_TRUE(content.info(one_, digest).is(Code::kNotFound));
    put();
  }
  MUST(content.drop_damaged());
  EXPECT_TRUE(content.open_blob(one_, digest).ok());
}

TEST_F(RecordsTest, SandboxesChangeByTheirMask) {
  SandboxStore sandboxes(database_);
  SandboxRecord pod;
  pod.id = "pod";
  pod.runtime = "io.containerd.hull.v2";
  pod.labels = {{"a", "1"}};
  pod.spec = {"t", std::string("\0x", 2)};
  pod.extensions = {{"e", {"t", "v"}}, {"f", {"t", "w"}}};
  pod.sandboxer = "shim";
  MUST(sandboxes.create(one_, pod));
  EXPECT_TRUE(sandboxes.create(one_, pod).is(Code::kAlreadyExists));
  EXPECT_TRUE(sandboxes.get(two_, "pod").is(Code::kNotFound));
  EXPECT_EQ(MUST(sandboxes.get(one_, "pod")).spec.value, pod.spec.value);

  SandboxRecord change = pod;
  change.labels = {{"a", "2"}, {"b", "3"}};
  change.extensions = {};
  MUST(sandboxes.update(one_, change, {{"labels.b", "extensions.e"}}));
  const auto after = MUST(sandboxes.get(one_, "pod"));
  EXPECT_EQ(after.labels, (Labels{{"a", "1"}, {"b", "3"}}));
  EXPECT_EQ(after.extensions.size(), 1u);
  EXPECT_TRUE(sandboxes.update(one_, change, {{"sandboxer"}}).is(Code::kInvalidArgument));
  change.runtime = "other";
  EXPECT_TRUE(sandboxes.update(one_, change, {}).is(Code::kInvalidArgument));

  EXPECT_EQ(MUST(sandboxes.list(one_, MUST(Filters::parse(std::vector<std::string>{"labels.b==3"})))).size(), 1u);
  MUST(sandboxes.remove(one_, "pod"));
  EXPECT_TRUE(sandboxes.remove(one_, "pod").is(Code::kNotFound));
}

}  // namespace
}  // namespace hull::supervisor
