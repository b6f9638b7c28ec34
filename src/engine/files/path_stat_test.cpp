#include "engine/files/path_stat.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/files.h"
#include "base/sys.h"

namespace hull::engine {
namespace {

class PathStatTest : public testing::Test {
 protected:
  PathStatTest() {
    char name[] = "/tmp/hull-path-XXXXXX";
    path_ = ::mkdtemp(name);
    MUST(make_directories(path_ + "/d/sub", 0755));
    MUST(replace_file(path_ + "/d/f", "abc", 0640, Durable::kNo));
  }
  ~PathStatTest() override { (void)remove_tree(path_); }
  Result<api::PathStat> stat(const std::string& path) {
    return stat_path(MUST(RootDir::open(path_)), ContainerPath::parse(path));
  }
  void link(const std::string& target, const std::string& name) { MUST(sys::symlink(target, path_ + "/" + name)); }

  std::string path_;
};

TEST(ContainerPath, IsCleanedAndKeepsWhatSaysDirectory) {
  const auto check = [](const char* text, const char* parent, const char* base, bool directory) {
    const ContainerPath path = ContainerPath::parse(text);
    EXPECT_EQ(path.parent, parent) << text;
    EXPECT_EQ(path.base, base) << text;
    EXPECT_EQ(path.directory, directory) << text;
  };
  check("/a/b", "/a", "b", false);
  check("a", "/", "a", false);
  check("/a/b/", "/a", "b", true);
  check("/a/b/.", "/a/b", ".", true);
  check("/a/../../../b", "/", "b", false);
  check("//a//./b", "/a", "b", false);
  check("/", "/", "/", true);
  check("..", "/", "/", true);
  check(".", "/", "/", true);
}

TEST_F(PathStatTest, SaysWhatIsThere) {
  const auto file = MUST(stat("/d/f"));
  EXPECT_EQ(file.name, "f");
  EXPECT_EQ(file.size, 3);
  EXPECT_EQ(file.mode, 0640u);
  EXPECT_EQ(MUST(stat("/d/.")).name, ".");
  EXPECT_TRUE(MUST(stat("/")).mode & 1u << 31);
  EXPECT_TRUE(stat("/d/nope").is(Code::kNotFound));
  EXPECT_TRUE(stat("/nope/f").is(Code::kNotFound));
  EXPECT_TRUE(stat("/d/f/").is(Code::kInvalidArgument));
  EXPECT_TRUE(stat("/d/f/x").is(Code::kInvalidArgument));
}

TEST_F(PathStatTest, LinksAreFollowedByNameOnly) {
  link("f", "d/to_file");
  link("../../../../etc", "d/climbs");
  link("/gone/../x", "d/broken");
  link("to_file", "d/second");
  link("d", "top");
  EXPECT_EQ(MUST(stat("/d/to_file")).link_target, "/d/f");
  EXPECT_EQ(MUST(stat("/d/climbs")).link_target, "/etc");
  EXPECT_EQ(MUST(stat("/d/broken")).link_target, "/x");
  EXPECT_EQ(MUST(stat("/top/second")).link_target, "/d/f");
  EXPECT_EQ(MUST(stat("/top/")).name, "top");
  EXPECT_TRUE(MUST(stat("/top/")).mode & 1u << 31);
}

TEST_F(PathStatTest, LinksInACircleEnd) {
  link("b", "a");
  link("a", "b");
  EXPECT_TRUE(stat("/a").is(Code::kInvalidArgument));
}

TEST(GoFileMode, HasGosBits) {
  EXPECT_EQ(go_file_mode(S_IFREG | 04755), 0755u | 1u << 23);
  EXPECT_EQ(go_file_mode(S_IFREG | 02644), 0644u | 1u << 22);
  EXPECT_EQ(go_file_mode(S_IFDIR | 01777), 0777u | 1u << 31 | 1u << 20);
  EXPECT_EQ(go_file_mode(S_IFCHR | 0600), 0600u | 1u << 26 | 1u << 21);
  EXPECT_EQ(go_file_mode(S_IFIFO | 0600), 0600u | 1u << 25);
  EXPECT_EQ(go_file_mode(S_IFSOCK | 0600), 0600u | 1u << 24);
}

TEST_F(PathStatTest, AWayThatIsMadeLongIsGivenUp) {
  std::string deep;
  std::string up;
  for (int i = 0; i < 500; ++i) {
    deep += "a/";
    up += "../";
  }
  MUST(make_directories(path_ + "/" + deep, 0755));
  constexpr int kLinks = 200;
  for (int i = 0; i < kLinks; ++i) link(deep + up + "l" + std::to_string(i + 1), "l" + std::to_string(i));
  EXPECT_EQ(MUST(stat("/l" + std::to_string(kLinks - 1))).link_target, "/l" + std::to_string(kLinks));
  EXPECT_TRUE(stat("/l0").is(Code::kInvalidArgument));
}

}  // namespace
}  // namespace hull::engine
