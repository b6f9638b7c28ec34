#include "archive/diff.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "archive/gardener.h"
#include "archive/test_tree.h"

namespace hull::archive {
namespace {

void apply_text(const TemporaryFolder& to, const std::string& tar, const ApplyOptions& options = {}) {
  MemorySource source(tar);
  MUST(apply_layer(to.open(), source, options));
}

std::vector<std::string> names_in(const std::string& tar) {
  MemorySource source(tar);
  TarReader reader(source);
  std::vector<std::string> names;
  while (const auto entry = MUST(reader.next()))
    names.push_back(entry->name + (entry->is_hard_link ? "=" + entry->link : ""));
  return names;
}

TEST(LayerProperty, ApplyOfATreeIsTheTree) {
  for (const unsigned seed : garden_seeds(60)) {
    TemporaryFolder original;
    Gardener(seed).grow(original.path(), 40);
    TemporaryFolder copy;
    const std::string tar = describe_tree(original);
    apply_text(copy, tar);
    ASSERT_EQ(describe_tree(copy), tar) << "seed " << seed;
  }
}

TEST(LayerProperty, ApplyOfTheChangesMakesTheNewOfTheOld) {
  for (const unsigned seed : garden_seeds(60)) {
    TemporaryFolder before;
    TemporaryFolder after;
    Gardener gardener(seed);
    gardener.grow(before.path(), 40);
    MUST(copy_tree(before.open(), after.open()));
    gardener.change(after.path());
    StringSink changes;
    MUST(write_changes(before.open(), after.open(), changes));
    apply_text(before, changes.text());
    // What was a hard link to an unchanged file comes back as a file: compare by content and attributes only.
    StringSink rest;
    MUST(write_changes(before.open(), after.open(), rest));
    ASSERT_EQ(names_in(rest.text()), std::vector<std::string>()) << "seed " << seed;
  }
}

TEST(LayerProperty, TheUpperDirectoryOfALayerGivesTheLayer) {
  for (const unsigned seed : garden_seeds(30)) {
    TemporaryFolder upper;
    TemporaryFolder again;
    Gardener(seed).grow(upper.path(), 20);
    EXPECT_EQ(::mknod(upper.path("removed").c_str(), S_IFCHR, 0), 0);
    MUST(sys::mkdir(upper.path("opaque"), 0755));
    EXPECT_EQ(::setxattr(upper.path("opaque").c_str(), "trusted.overlay.opaque", "y", 1, 0), 0);
    StringSink first;
    MUST(write_upper(upper.open(), first));
    apply_text(again, first.text(), {Whiteouts::kOverlay, {}});
    StringSink second;
    MUST(write_upper(again.open(), second));
    ASSERT_EQ(second.text(), first.text()) << "seed " << seed;
  }
}

TEST(WriteChanges, OfEqualTreesIsEmpty) {
  TemporaryFolder one;
  TemporaryFolder two;
  Gardener(7).grow(one.path(), 30);
  MUST(copy_tree(one.open(), two.open()));
  StringSink changes;
  MUST(write_changes(one.open(), two.open(), changes));
  EXPECT_EQ(changes.text(), std::string(changes.text().size(), '\0'));
}

TEST(WriteNamedTree, EntriesStandUnderTheName) {
  TemporaryFolder folder;
  folder.write("f", "x");
  MUST(sys::linkat(FdRef(AT_FDCWD), folder.path("f"), FdRef(AT_FDCWD), folder.path("g"), 0));
  const auto names = [&](const std::string& name) {
    StringSink sink;
    MUST(write_named_tree(folder.open(), name, sink));
    return names_in(sink.text());
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names("d"), (Names{"d/", "d/f", "d/g=d/f"}));
  EXPECT_EQ(names("."), (Names{"./", "./f", "./g=./f"}));
  EXPECT_EQ(names("/"), (Names{"/", "/f", "/g=/f"}));
}

TEST(WriteMember, ALinkIsItself) {
  TemporaryFolder folder;
  MUST(sys::symlink("/etc/passwd", folder.path("l")));
  StringSink sink;
  MUST(write_member(folder.open(), "l", sink));
  MemorySource source(sink.text());
  TarReader reader(source);
  const auto entry = MUST(reader.next());
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->name, "l");
  EXPECT_EQ(entry->link, "/etc/passwd");
  EXPECT_FALSE(write_member(folder.open(), "missing", sink).ok());
}

}  // namespace
}  // namespace hull::archive
