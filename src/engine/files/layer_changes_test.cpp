#include "engine/files/layer_changes.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "base/files.h"
#include "base/sys.h"

namespace hull::engine {
namespace {

/// An upper directory and one below, filled by hand.
class LayerChangesTest : public testing::Test {
 protected:
  LayerChangesTest() {
    char name[] = "/tmp/hull-changes-XXXXXX";
    path_ = ::mkdtemp(name);
    for (const char* folder : {"/upper", "/work", "/lower"}) MUST(make_directories(path_ + folder, 0755));
  }
  ~LayerChangesTest() override { (void)remove_tree(path_); }
  void file(const std::string& name, std::string_view text = "x") {
    MUST(make_directories(path_ + "/" + name.substr(0, name.rfind('/')), 0755));
    MUST(replace_file(path_ + "/" + name, text, 0644, Durable::kNo));
  }
  std::string changes() {
    const containerd::Mount mount{
        "overlay",
        "overlay",
        "",
        {"lowerdir=" + path_ + "/lower", "upperdir=" + path_ + "/upper", "workdir=" + path_ + "/work"}};
    std::string text;
    for (const auto& change : MUST(changes_of({mount}))) text += std::string(1, "CAD"[change.kind]) + change.path + " ";
    return text;
  }
  std::string path_;
};

TEST_F(LayerChangesTest, ToldByKind) {
  file("lower/etc/passwd");
  file("lower/etc/group");
  file("lower/home/old");
  file("upper/etc/passwd", "changed");
  file("upper/new/file");
  file("upper/home/fresh");
  if (::mknod((path_ + "/upper/etc/group").c_str(), S_IFCHR, makedev(0, 0)) != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(::setxattr((path_ + "/upper/home").c_str(), "trusted.overlay.opaque", "y", 1, 0), 0);
  EXPECT_EQ(changes(), "C/etc D/etc/group C/etc/passwd C/home A/home/fresh D/home/old A/new A/new/file ");
}

TEST_F(LayerChangesTest, PlacesToMountUponAreNobodysChange) {
  file("lower/etc/passwd");
  for (const char* folder : {"proc", "sys", "dev/pts", "etc"}) MUST(make_directories(path_ + "/upper/" + folder, 0755));
  for (const char* name : {"etc/hosts", "etc/resolv.conf", "dev/console"}) file(std::string("upper/") + name, "");
  EXPECT_EQ(changes(), "");
  file("upper/etc/hosts", "127.0.0.1 me");
  file("upper/dev/own", "");
  EXPECT_EQ(changes(), "A/dev A/dev/own C/etc A/etc/hosts ");
}

TEST_F(LayerChangesTest, ADirectoryMayChangeByItself) {
  MUST(make_directories(path_ + "/lower/root", 0755));
  MUST(make_directories(path_ + "/upper/root", 0700));
  EXPECT_EQ(changes(), "C/root ");
}

TEST(LayerChanges, WithoutLayersBelowAllIsNew) {
  char name[] = "/tmp/hull-changes-XXXXXX";
  const std::string path = ::mkdtemp(name);
  MUST(make_directories(path + "/d", 0755));
  const auto found = MUST(changes_of({{"bind", path, "", {"rbind", "rw"}}}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0], (api::FilesystemChange{"/d", 1}));
  EXPECT_TRUE(changes_of({{"zfs", "pool", "", {}}}).is(Code::kUnimplemented));
  (void)remove_tree(path);
}

}  // namespace
}  // namespace hull::engine
