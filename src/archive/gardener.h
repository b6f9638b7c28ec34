#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"

/// Random trees for property tests.
namespace hull::archive {

/// 1 to count; HULL_TEST_ROUNDS multiplies them, HULL_TEST_SEED names the one to look at.
inline std::vector<unsigned> garden_seeds(unsigned count) {
  const auto number = [](const char* name) { return parse_integer<unsigned>(::getenv(name) ? ::getenv(name) : ""); };
  if (const auto seed = number("HULL_TEST_SEED")) return {*seed};
  std::vector<unsigned> seeds(count * number("HULL_TEST_ROUNDS").value_or(1));
  std::iota(seeds.begin(), seeds.end(), 1u);
  return seeds;
}

/// Random trees of everything that a layer can hold.
class Gardener {
 public:
  enum class Fractions { kNo, kYes };
  explicit Gardener(unsigned seed, Fractions fractions = Fractions::kNo) : random_(seed), fractions_(fractions) {}

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
  static constexpr int64_t kHole = 300 << 10;

  size_t below(size_t limit) { return random_() % limit; }
  std::string name() {
    static const char* kNames[] = {"a",          "b",    "c",   "etc",     "gr\xc3\xbcn",
                                   "with space", "\xff", "x.y", ".hidden", "-dash"};
    return below(8) == 0 ? std::string(120, static_cast<char>('a' + below(26))) : kNames[below(std::size(kNames))];
  }

  void add(const std::string& path, std::vector<std::string>& folders, std::vector<std::string>& files) {
    switch (below(10)) {
      case 0:
      case 1:
        MUST(sys::mkdir(path, 0755));
        folders.push_back(path);
        break;
      case 2: MUST(sys::symlink(below(2) ? "/etc/passwd" : "nowhere", path)); break;
      case 3: MUST(sys::mkfifo(path, 0644)); break;
      case 4: EXPECT_EQ(::mknod(path.c_str(), S_IFCHR | 0600, makedev(1, 3)), 0); break;
      case 5: {
        const UniqueFd sparse = MUST(sys::open(path, O_WRONLY | O_CREAT | O_EXCL, 0644));
        MUST(sys::pwrite_all(sparse, "data", static_cast<int64_t>(below(kHole))));
        if (below(2)) MUST(sys::ftruncate(sparse, kHole));
        files.push_back(path);
        break;
      }
      case 6: EXPECT_EQ(::mknod(path.c_str(), S_IFBLK | 0600, makedev(7, static_cast<unsigned>(below(300)))), 0); break;
      case 7:
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
    decorate_attributes(path, status);
    const timespec times[2] = {{1500000000, 0}, {static_cast<time_t>(below(1u << 31)), nanoseconds()}};
    ::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW);
  }

  void decorate_attributes(const std::string& path, const struct stat& status) {
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return;
    if (below(3) == 0) ::setxattr(path.c_str(), "user.k", "v\0w", below(4), 0);
    if (below(9) == 0) ::setxattr(path.c_str(), "user.gr\xc3\xbcn = x", "", 0, 0);
    // VFS_CAP_REVISION_2 with CAP_NET_RAW, as ping has it (capabilities(7)).
    constexpr char kPing[] = "\1\0\0\2\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0";
    if (S_ISREG(status.st_mode) && below(6) == 0) ::setxattr(path.c_str(), "security.capability", kPing, 20, 0);
  }

  /// Layers have whole seconds: a file of any other time is told from its copy.
  long nanoseconds() { return fractions_ == Fractions::kYes ? static_cast<long>(below(1000000000)) : 0; }

  std::mt19937 random_;
  const Fractions fractions_;
};

}  // namespace hull::archive
