#include "archive/diff.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <random>

#include "archive/test_tree.h"

namespace hull::archive {
namespace {

/// Random trees of everything that a layer can hold.
class Gardener {
 public:
  explicit Gardener(unsigned seed) : random_(seed) {}

  void grow(const std::string& root, int members) {
    std::vector<std::string> folders{root};
    std::vector<std::string> files;
    for (int i = 0; i < members; ++i) {
      const std::string path = folders[below(folders.size())] + "/" + name();
      if (sys::lstat(path).ok()) continue;
      add(path, folders, files);
      decorate(path);
    }
  }

  void change(const std::string& root) {
    for (const std::string& child : MUST(list_directory(root))) {
      const std::string path = root + "/" + child;
      const auto status = MUST(sys::lstat(path));
      switch (below(6)) {
        case 0: MUST(remove_tree(path)); continue;
        case 1:
          MUST(remove_tree(path));
          MUST(replace_file(path, "replaced", 0600, Durable::kNo));
          continue;
        case 2:
          if (S_ISREG(status.st_mode)) MUST(replace_file(path, "changed " + name(), 0644, Durable::kNo));
          break;
        default: break;
      }
      if (sys::lstat(path).ok() && S_ISDIR(MUST(sys::lstat(path)).st_mode)) change(path);
    }
    if (below(2) == 0) grow(root, 3);
  }

 private:
  size_t below(size_t limit) { return random_() % limit; }
  std::string name() {
    static const char* kNames[] = {"a",          "b",    "c",   "etc",     "gr\xc3\xbcn",
                                   "with space", "\xff", "x.y", ".hidden", "-dash"};
    return below(8) == 0 ? std::string(120, static_cast<char>('a' + below(26))) : kNames[below(std::size(kNames))];
  }

  void add(const std::string& path, std::vector<std::string>& folders, std::vector<std::string>& files) {
    switch (below(7)) {
      case 0:
      case 1:
        MUST(sys::mkdir(path, 0755));
        folders.push_back(path);
        break;
      case 2: MUST(sys::symlink(below(2) ? "/etc/passwd" : "nowhere", path)); break;
      case 3: MUST(sys::mkfifo(path, 0644)); break;
      case 4: EXPECT_EQ(::mknod(path.c_str(), S_IFCHR | 0600, makedev(1, 3)), 0); break;
      case 5:
        if (files.empty()) {
          MUST(sys::mkdir(path, 0700));
          folders.push_back(path);
        } else {
          MUST(sys::linkat(FdRef(AT_FDCWD), files[below(files.size())], FdRef(AT_FDCWD), path, 0));
        }
        break;
      default: MUST(replace_file(path, std::string(below(3000), 'q'), 0644, Durable::kNo)); files.push_back(path);
    }
  }

  void decorate(const std::string& path) {
    const auto status = MUST(sys::lstat(path));
    MUST(sys::fchownat(FdRef(AT_FDCWD), path, static_cast<uid_t>(below(70000)), 7, AT_SYMLINK_NOFOLLOW));
    if (!S_ISLNK(status.st_mode)) MUST(sys::chmod(path, static_cast<mode_t>(below(010000))));
    if (S_ISREG(status.st_mode) && below(3) == 0) ::setxattr(path.c_str(), "user.k", "v", 1, 0);
    const timespec times[2] = {{1500000000, 0}, {static_cast<time_t>(below(1u << 31)), 0}};
    ::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW);
  }

  std::mt19937 random_;
};

void apply_text(const TemporaryFolder& to, const std::string& tar, const ApplyOptions& options = {}) {
  MemorySource source(tar);
  MUST(apply_layer(to.open(), source, options));
}

TEST(LayerProperty, ApplyOfATreeIsTheTree) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    TemporaryFolder original;
    Gardener(seed).grow(original.path(), 40);
    TemporaryFolder copy;
    const std::string tar = describe_tree(original);
    apply_text(copy, tar);
    ASSERT_EQ(describe_tree(copy), tar) << "seed " << seed;
  }
}

TEST(LayerProperty, ApplyOfTheChangesMakesTheNewOfTheOld) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
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
    StringSink nothing;
    MUST(write_changes(after.open(), after.open(), nothing));
    ASSERT_EQ(rest.text(), nothing.text()) << "seed " << seed;
  }
}

TEST(LayerProperty, TheUpperDirectoryOfALayerGivesTheLayer) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
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

std::vector<std::string> names_in(const std::string& tar) {
  MemorySource source(tar);
  TarReader reader(source);
  std::vector<std::string> names;
  while (const auto entry = MUST(reader.next()))
    names.push_back(entry->name + (entry->is_hard_link ? "=" + entry->link : ""));
  return names;
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
