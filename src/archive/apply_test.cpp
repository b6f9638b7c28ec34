#include "archive/apply.h"

#include <gtest/gtest.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "archive/test_tree.h"
#include "archive/tree.h"

namespace hull::archive {
namespace {

ApplyOptions overlay(std::vector<std::string> lowers = {}) { return {Whiteouts::kOverlay, std::move(lowers)}; }

TEST(ApplyLayer, MakesWhatTheTarSays) {
  TemporaryFolder folder;
  TarEntry file = entry("d/f", S_IFREG | 04751);
  file.uid = 12;
  file.gid = 4000000000u;
  file.mtime = {1000000000, 0};
  file.xattrs = {{"user.note", std::string("a\0b", 3)}};
  MUST(TestTar()
           .folder("d")
           .add(file)
           .add(entry("l", S_IFLNK | 0777, "../../etc/passwd"))
           .add(hard_link("h", "d/f"))
           .add(entry("p", S_IFIFO | 0600))
           .apply(folder));
  const auto status = MUST(sys::lstat(folder.path("d/f")));
  EXPECT_EQ(status.st_mode, static_cast<mode_t>(S_IFREG | 04751));
  EXPECT_EQ(status.st_uid, 12u);
  EXPECT_EQ(status.st_gid, 4000000000u);
  EXPECT_EQ(status.st_mtim.tv_sec, 1000000000);
  EXPECT_EQ(status.st_nlink, 2u);
  char value[8];
  EXPECT_EQ(::getxattr(folder.path("d/f").c_str(), "user.note", value, sizeof value), 3);
  EXPECT_EQ(MUST(sys::readlink(folder.path("l"))), "../../etc/passwd");
  EXPECT_TRUE(S_ISFIFO(MUST(sys::lstat(folder.path("p"))).st_mode));
}

TEST(ApplyLayer, RefusesNamesThatClimbOut) {
  for (const char* name : {"../x", "a/../../x", "/../../x", ".."}) {
    TemporaryFolder folder;
    EXPECT_TRUE(TestTar().file(name, "x").apply(folder).is(Code::kInvalidArgument)) << name;
  }
}

TEST(ApplyLayer, TakesAbsoluteNamesBelowTheRoot) {
  TemporaryFolder folder;
  MUST(TestTar().file("/abs/./x/../file", "x").apply(folder));
  EXPECT_EQ(folder.read("abs/file"), "x");
}

TEST(ApplyLayer, StaysInsideThroughLinks) {
  TemporaryFolder outside;
  outside.write("victim", "old");
  TemporaryFolder folder;
  const std::string up = "../../../../../../../../../.." + outside.path();
  (void)TestTar()
      .add(entry("abs", S_IFLNK | 0777, outside.path()))
      .add(entry("rel", S_IFLNK | 0777, up))
      .file("abs/victim", "new")
      .apply(folder);
  (void)TestTar().add(entry("rel", S_IFLNK | 0777, up)).file("rel/victim", "new").apply(folder);
  (void)TestTar().add(hard_link("got", up + "/victim")).apply(folder);
  (void)TestTar().add(entry("rel", S_IFLNK | 0777, up)).add(entry("rel/.wh.victim", S_IFREG | 0600)).apply(folder);
  (void)TestTar().add(entry("x", S_IFLNK | 0777, outside.path() + "/victim")).file("x", "new").apply(folder);
  EXPECT_EQ(outside.read("victim"), "old");
  EXPECT_EQ(MUST(list_directory(outside.path())).size(), 1u);
}

TEST(ApplyLayer, RefusesHardLinksThatLeadOut) {
  TemporaryFolder folder;
  EXPECT_FALSE(TestTar().add(hard_link("x", "../../etc/passwd")).apply(folder).ok());
  EXPECT_FALSE(TestTar().add(hard_link("x", "nowhere")).apply(folder).ok());
  EXPECT_FALSE(TestTar().add(hard_link("x", ".")).apply(folder).ok());
}

TEST(ApplyLayer, RemovesWhatWhiteoutsName) {
  TemporaryFolder folder;
  folder.make("d/sub");
  folder.write("d/sub/f", "x");
  folder.write("keep", "x");
  MUST(TestTar().add(entry("d/.wh.sub", S_IFREG | 0600)).add(entry(".wh.gone", S_IFREG | 0600)).apply(folder));
  EXPECT_FALSE(folder.has("d/sub"));
  EXPECT_TRUE(folder.has("keep"));
  for (const char* name : {".wh.", ".wh..", ".wh...", "d/.wh.."})
    EXPECT_TRUE(TestTar().add(entry(name, S_IFREG | 0600)).apply(folder).is(Code::kInvalidArgument)) << name;
  EXPECT_TRUE(folder.has("d"));
}

TEST(ApplyLayer, OpaqueDirectoriesKeepOnlyTheLayersOwn) {
  for (const bool marker_first : {true, false}) {
    TemporaryFolder folder;
    folder.make("d/old");
    folder.write("d/same", "old");
    TestTar tar;
    tar.folder("d");
    if (marker_first) tar.add(entry("d/.wh..wh..opq", S_IFREG | 0600));
    tar.file("d/same", "new").file("d/new", "x");
    if (!marker_first) tar.add(entry("d/.wh..wh..opq", S_IFREG | 0600));
    MUST(tar.apply(folder));
    EXPECT_FALSE(folder.has("d/old"));
    EXPECT_EQ(folder.read("d/same"), "new");
    EXPECT_TRUE(folder.has("d/new"));
  }
}

TEST(ApplyLayer, OverlayGetsDevicesAndOpaqueAttributes) {
  TemporaryFolder folder;
  MUST(TestTar()
           .folder("d")
           .add(entry("d/.wh..wh..opq", S_IFREG | 0600))
           .add(entry(".wh.gone", S_IFREG | 0600))
           .add(entry(".wh.again", S_IFREG | 0600))
           .folder("again")
           .apply(folder, overlay()));
  EXPECT_TRUE(is_overlay_whiteout(MUST(sys::lstat(folder.path("gone")))));
  char value[2];
  EXPECT_EQ(::getxattr(folder.path("d").c_str(), "trusted.overlay.opaque", value, 2), 1);
  // Removed and made anew: what the old one held must not show through.
  EXPECT_EQ(::getxattr(folder.path("again").c_str(), "trusted.overlay.opaque", value, 2), 1);
}

TEST(ApplyLayer, ALayerDoesNotSteerOverlayfs) {
  TemporaryFolder folder;
  TarEntry evil = entry("d", S_IFDIR | 0755);
  evil.xattrs = {{"trusted.overlay.redirect", "/etc"}, {"user.overlay.redirect", "/etc"}};
  MUST(TestTar().add(evil).apply(folder, overlay()));
  char value[8];
  EXPECT_LT(::getxattr(folder.path("d").c_str(), "trusted.overlay.redirect", value, sizeof value), 0);
}

TEST(ApplyLayer, MissingParentsLookLikeThoseBelow) {
  TemporaryFolder lower;
  lower.make("tmp");
  MUST(sys::chmod(lower.path("tmp"), 01777));
  lower.write("tmp/low", "below");
  TemporaryFolder folder;
  MUST(TestTar().file("tmp/x", "x").add(hard_link("copy", "tmp/low")).apply(folder, overlay({lower.path()})));
  EXPECT_EQ(MUST(sys::lstat(folder.path("tmp"))).st_mode & 07777, 01777u);
  EXPECT_EQ(folder.read("copy"), "below");
}

TEST(ApplyLayer, LaterEntriesReplaceEarlierOnes) {
  TemporaryFolder folder;
  MUST(TestTar()
           .file("a", "1")
           .file("a", "2")
           .folder("b")
           .file("b/x", "1")
           .add(entry("b", S_IFLNK | 0777, "a"))
           .add(entry("c", S_IFLNK | 0777, "a"))
           .folder("c")
           .file("c/y", "1")
           .apply(folder));
  EXPECT_EQ(folder.read("a"), "2");
  EXPECT_EQ(MUST(sys::readlink(folder.path("b"))), "a");
  EXPECT_EQ(folder.read("c/y"), "1");
}

TEST(ApplyLayer, NoticesDamage) {
  TemporaryFolder folder;
  const std::string whole = TestTar().file("f", std::string(100000, 'x')).text();
  MemorySource cut(whole.substr(0, 50000));
  EXPECT_TRUE(apply_layer(folder.open(), cut).is(Code::kDataLoss));
  MemorySource text("this is no tar at all, and longer than a block" + std::string(600, 'z'));
  EXPECT_TRUE(apply_layer(folder.open(), text).is(Code::kInvalidArgument));
  MemorySource empty("");
  EXPECT_TRUE(apply_layer(folder.open(), empty).ok());
}

TEST(ApplyLayer, KeepsNamesOfAnyScript) {
  TemporaryFolder folder;
  const std::string names[] = {"gr\xc3\xbc\xc3\x9f", "\xff\xfe raw", std::string(200, 'n'), "new\nline"};
  TestTar tar;
  for (const auto& name : names) tar.file(name, "x");
  MUST(tar.apply(folder));
  for (const auto& name : names) EXPECT_TRUE(folder.has(name)) << name;
}

TEST(ApplyLayer, DeepTreesEndInAnErrorNotInACrash) {
  TemporaryFolder folder;
  std::string name;
  for (int i = 0; i < 3000; ++i) name += "d/";
  EXPECT_FALSE(TestTar().file(name + "f", "x").apply(folder).ok());
}

ApplyOptions copy_to(std::string below) {
  ApplyOptions options{.whiteouts = Whiteouts::kNone};
  options.below = std::move(below);
  return options;
}

TEST(ApplyCopy, NamesStartBelowAndLinksLeadAnywhereInTheRoot) {
  TemporaryFolder folder;
  folder.make("data");
  folder.make("etc");
  MUST(sys::symlink("/etc", folder.path("data/absolute")));
  MUST(sys::symlink("../../../../etc", folder.path("data/climbing")));
  MUST(TestTar()
           .add(entry("./", S_IFDIR | 0700))
           .file("absolute/a", "1")
           .file("climbing/b", "2")
           .file(".wh.x", "3")
           .add(hard_link("hard", "absolute/a"))
           .apply(folder, copy_to("data")));
  EXPECT_EQ(folder.read("etc/a"), "1");
  EXPECT_EQ(folder.read("etc/b"), "2");
  EXPECT_EQ(folder.read("data/.wh.x"), "3");
  EXPECT_EQ(folder.read("data/hard"), "1");
  EXPECT_EQ(MUST(sys::lstat(folder.path("data"))).st_mode & 07777, 0755u) << "the directory itself stays as it is";
}

TEST(ApplyCopy, NeitherNamesNorHardLinksLeadOut) {
  TemporaryFolder outside;
  outside.write("secret", "s");
  TemporaryFolder folder;
  folder.make("data");
  EXPECT_TRUE(TestTar().file("../../x", "").apply(folder, copy_to("data")).is(Code::kInvalidArgument));
  EXPECT_FALSE(TestTar().add(hard_link("h", ".." + outside.path("secret"))).apply(folder, copy_to("data")).ok());
  EXPECT_FALSE(TestTar().add(hard_link("h", outside.path("secret"))).apply(folder, copy_to("data")).ok());
  EXPECT_FALSE(folder.has("data/h"));
}

TEST(ApplyCopy, KindsStayWhereThatIsAsked) {
  TemporaryFolder folder;
  folder.make("d/inner");
  folder.write("f", "old");
  ApplyOptions options = copy_to("");
  options.replace = Replace::kSameKind;
  EXPECT_TRUE(TestTar().file("d", "x").apply(folder, options).is(Code::kInvalidArgument));
  EXPECT_TRUE(TestTar().folder("f").apply(folder, options).is(Code::kInvalidArgument));
  MUST(TestTar().file("f", "new").folder("d").apply(folder, options));
  EXPECT_EQ(folder.read("f"), "new");
  EXPECT_TRUE(folder.has("d/inner"));
  options.replace = Replace::kAll;
  MUST(TestTar().file("d", "x").apply(folder, options));
  EXPECT_EQ(folder.read("d"), "x");
}

TEST(ApplyCopy, OneOwnerForAll) {
  TemporaryFolder folder;
  ApplyOptions options = copy_to("");
  options.owner = Owner{1000, 2000};
  MUST(TestTar().file("f", "").folder("d").add(entry("l", S_IFLNK | 0777, "f")).apply(folder, options));
  for (const char* name : {"f", "d", "l"}) {
    EXPECT_EQ(MUST(sys::lstat(folder.path(name))).st_uid, 1000u) << name;
    EXPECT_EQ(MUST(sys::lstat(folder.path(name))).st_gid, 2000u) << name;
  }
}

}  // namespace
}  // namespace hull::archive
