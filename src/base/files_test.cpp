#include "base/files.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/root_dir.h"
#include "base/sys.h"

namespace hull {
namespace {

class Files : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/hull-base-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    path_ = name;
  }
  void TearDown() override { MUST(remove_tree(path_)); }
  std::string path_;
};

TEST_F(Files, ReplaceKeepsModeAndLeavesNoTemporary) {
  MUST(replace_file(path_ + "/a", "one", 0640));
  MUST(replace_file(path_ + "/a", "two", 0640));
  EXPECT_EQ(MUST(read_file(path_ + "/a")), "two");
  EXPECT_EQ(MUST(sys::stat(path_ + "/a")).st_mode & 07777, 0640u);
  EXPECT_EQ(MUST(list_directory(path_)), std::vector<std::string>{"a"});
}

TEST_F(Files, ReadStopsAtTheLimit) {
  MUST(replace_file(path_ + "/big", std::string(5000, 'x'), 0600));
  EXPECT_EQ(read_file(path_ + "/big", Bytes(4999)).code(), Code::kResourceExhausted);
  EXPECT_EQ(MUST(read_file(path_ + "/big", Bytes(5000))).size(), 5000u);
}

TEST_F(Files, RemoveTreeDoesNotFollowLinks) {
  MUST(make_directories(path_ + "/keep", 0755));
  MUST(replace_file(path_ + "/keep/file", "x", 0600));
  MUST(make_directories(path_ + "/tree/deep/er", 0755));
  MUST(sys::symlink(path_ + "/keep", path_ + "/tree/link"));
  MUST(remove_tree(path_ + "/tree"));
  EXPECT_FALSE(exists(path_ + "/tree"));
  EXPECT_TRUE(exists(path_ + "/keep/file"));
  MUST(remove_tree(path_ + "/missing"));
}

TEST_F(Files, RemoveTreeCopesWithAnyDepth) {
  // Deeper than descriptors and stacks allow, as any container can make it.
  MUST(make_directories(path_ + "/tree", 0755));
  UniqueFd dir = MUST(sys::open(path_ + "/tree", O_RDONLY | O_DIRECTORY));
  for (int depth = 0; depth < 1500; ++depth) {
    MUST(sys::mkdirat(dir, "d", 0755));
    if (depth % 1000 == 0) MUST(sys::openat(dir, "file", O_WRONLY | O_CREAT, 0600));
    dir = MUST(sys::openat(dir, "d", O_RDONLY | O_DIRECTORY));
  }
  dir.reset();
  MUST(remove_tree(path_ + "/tree"));
  EXPECT_TRUE(MUST(list_directory(path_)).empty());
}

TEST_F(Files, RootDirNeverLeavesTheRoot) {
  MUST(make_directories(path_ + "/root/etc", 0755));
  MUST(replace_file(path_ + "/outside", "secret", 0600));
  MUST(sys::symlink("../../../../../.." + path_ + "/outside", path_ + "/root/etc/link"));
  MUST(sys::symlink("/etc", path_ + "/root/absolute"));
  const RootDir root = MUST(RootDir::open(path_ + "/root"));
  EXPECT_EQ(root.open("etc/link", O_RDONLY).code(), Code::kNotFound);
  EXPECT_EQ(root.open("../outside", O_RDONLY).code(), Code::kNotFound);
  EXPECT_TRUE(root.open("absolute/.", O_PATH).ok());
  EXPECT_EQ(root.open_without_links("absolute/.", O_PATH).code(), Code::kInvalidArgument);
}

TEST_F(Files, RootDirMakesDirectoriesThroughLinksInside) {
  MUST(make_directories(path_ + "/root/real", 0755));
  MUST(sys::symlink("/real", path_ + "/root/link"));
  const RootDir root = MUST(RootDir::open(path_ + "/root"));
  MUST(root.make_directories("link/a/b", 0755));
  EXPECT_TRUE(exists(path_ + "/root/real/a/b"));
  EXPECT_EQ(root.make_directories("x/../y", 0755).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace hull
