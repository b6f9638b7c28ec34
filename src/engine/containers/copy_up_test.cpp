#include "engine/containers/copy_up.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>

#include "base/files.h"
#include "base/ids.h"
#include "base/sys.h"

namespace hull::engine {
namespace {

class CopyUpTest : public ::testing::Test {
 protected:
  CopyUpTest() : root_("/tmp/hull-copy-up-" + random_hex(12)) {
    MUST(make_directories(root_ + "/image/data", 0755));
    MUST(make_directories(root_ + "/volume/_data", 0755));
  }
  ~CopyUpTest() override { MUST(remove_tree(root_)); }
  Result<void> copy(const std::string& path) { return copy_up(MUST(RootDir::open(root_ + "/image")), path, target()); }
  std::string image(const std::string& name) const { return root_ + "/image/data/" + name; }
  std::string target() const { return root_ + "/volume/_data"; }
  /// The volume's own folder holds nothing but the target.
  std::vector<std::string> beside() const { return MUST(list_directory(root_ + "/volume")); }

  const std::string root_;
};

TEST_F(CopyUpTest, files_links_and_modes_are_copied) {
  MUST(make_directories(image("deep/er"), 0711));
  MUST(replace_file(image("deep/er/file"), "content", 0640));
  MUST(sys::linkat(FdRef(AT_FDCWD), image("deep/er/file"), FdRef(AT_FDCWD), image("twin"), 0));
  MUST(sys::symlink("/etc/passwd", image("link")));
  MUST(sys::chmod(image(""), 0750));
  MUST(copy("/data"));
  EXPECT_EQ(MUST(read_file(target() + "/deep/er/file")), "content");
  EXPECT_EQ(MUST(sys::stat(target() + "/deep/er/file")).st_mode & 07777, 0640u);
  EXPECT_EQ(MUST(sys::stat(target() + "/twin")).st_ino, MUST(sys::stat(target() + "/deep/er/file")).st_ino);
  EXPECT_EQ(MUST(sys::readlink(target() + "/link")), "/etc/passwd");
  EXPECT_EQ(MUST(sys::stat(target())).st_mode & 07777, 0750u);
  EXPECT_EQ(beside(), std::vector<std::string>{"_data"});
}

TEST_F(CopyUpTest, a_sparse_file_stays_sparse) {
  constexpr int64_t kSize = int64_t{1} << 40;
  const UniqueFd sparse = MUST(sys::open(image("sparse"), O_WRONLY | O_CREAT, 0644));
  MUST(sys::pwrite_all(sparse, "end", kSize - 3));
  MUST(copy("/data"));
  const auto info = MUST(sys::stat(target() + "/sparse"));
  EXPECT_EQ(info.st_size, kSize);
  EXPECT_LT(info.st_blocks, 1000);
  std::array<char, 3> end{};
  EXPECT_EQ(MUST(sys::pread(MUST(sys::open(target() + "/sparse", O_RDONLY)), end, kSize - 3)), 3u);
  EXPECT_EQ(std::string_view(end.data(), 3), "end");
}

TEST_F(CopyUpTest, many_hard_linked_files_take_no_descriptors) {
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  for (int i = 0; i < 200; ++i) {
    MUST(replace_file(image(std::to_string(i)), "x", 0644, Durable::kNo));
    MUST(sys::linkat(FdRef(AT_FDCWD), image(std::to_string(i)), FdRef(AT_FDCWD), image("l" + std::to_string(i)), 0));
  }
  struct rlimit low {
    64, before.rlim_max
  };
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  const auto copied = copy("/data");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(copied.ok()) << copied.error().message();
  EXPECT_EQ(MUST(list_directory(target())).size(), 400u);
}

TEST_F(CopyUpTest, a_copy_that_fails_shows_nothing) {
  MUST(replace_file(image("0-first"), "x", 0644));
  // Deeper than is copied.
  UniqueFd at = MUST(sys::open(image(""), O_RDONLY | O_DIRECTORY));
  for (int i = 0; i < 300; ++i) {
    MUST(sys::mkdirat(at, "d", 0755));
    at = MUST(sys::openat(at, "d", O_RDONLY | O_DIRECTORY));
  }
  EXPECT_TRUE(copy("/data").is(Code::kInvalidArgument));
  EXPECT_TRUE(MUST(list_directory(target())).empty());
  EXPECT_EQ(beside(), std::vector<std::string>{"_data"});
}

TEST_F(CopyUpTest, what_somebody_made_meanwhile_stays) {
  MUST(replace_file(image("file"), "of the image", 0644));
  MUST(replace_file(target() + "/file", "of a container", 0644));
  MUST(copy("/data"));
  EXPECT_EQ(MUST(read_file(target() + "/file")), "of a container");
}

TEST_F(CopyUpTest, a_missing_path_or_a_file_copies_nothing) {
  MUST(replace_file(image("file"), "x", 0644));
  MUST(copy("/nothing"));
  MUST(copy("/data/file"));
  EXPECT_TRUE(MUST(list_directory(target())).empty());
}

TEST_F(CopyUpTest, a_link_never_leads_out_of_the_image) {
  MUST(make_directories(root_ + "/host", 0755));
  MUST(replace_file(root_ + "/host/secret", "x", 0600));
  MUST(sys::symlink(root_ + "/host", root_ + "/image/out"));
  MUST(copy("/out"));
  EXPECT_TRUE(MUST(list_directory(target())).empty());
}

}  // namespace
}  // namespace hull::engine
