#include "supervisor/snapshots/directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>

#include "base/files.h"
#include "base/sys.h"

namespace hull::supervisor {
namespace {

TEST(SnapshotFolder, EachDirectoryBeginsInABlockGroupOfItsOwn) {
  char name[] = "/tmp/hull-folder-XXXXXX";
  const std::string root = ::mkdtemp(name);
  MUST(make_snapshot_folder(root + "/snapshots"));
  MUST(make_snapshot_folder(root + "/snapshots"));  // the next start
  struct statfs file_system {};
  ASSERT_EQ(::statfs(root.c_str(), &file_system), 0);
  if (file_system.f_type == EXT4_SUPER_MAGIC) {
    const UniqueFd folder = MUST(sys::open(root + "/snapshots", O_RDONLY | O_DIRECTORY));
    int flags = 0;
    ASSERT_EQ(::ioctl(folder.get(), FS_IOC_GETFLAGS, &flags), 0);
    EXPECT_NE(flags & FS_TOPDIR_FL, 0);
  }
  MUST(remove_tree(root));
}

TEST(DiskUsage, CountsHardLinksOnceAndHolesNot) {
  char name[] = "/tmp/hull-usage-XXXXXX";
  const std::string root = ::mkdtemp(name);
  const auto before = MUST(disk_usage(root));
  MUST(replace_file(root + "/f", std::string(65536, 'x'), 0644));
  MUST(sys::linkat(FdRef(AT_FDCWD), root + "/f", FdRef(AT_FDCWD), root + "/g", 0));
  MUST(sys::ftruncate(MUST(sys::open(root + "/hole", O_WRONLY | O_CREAT, 0644)), int64_t{1} << 40));
  const auto after = MUST(disk_usage(root));
  EXPECT_EQ(after.inodes - before.inodes, 2);
  EXPECT_GE(after.size - before.size, 65536);
  EXPECT_LT(after.size - before.size, 1 << 20);
  MUST(remove_tree(root));
}

TEST(DiskUsage, ATreeDeeperThanAPathIsCountedAndLinksAreNotFollowed) {
  char name[] = "/tmp/hull-usage-XXXXXX";
  const std::string root = ::mkdtemp(name);
  const auto before = MUST(disk_usage(root));
  UniqueFd at = MUST(sys::open(root, O_RDONLY | O_DIRECTORY));
  for (int i = 0; i < 300; ++i) {
    MUST(sys::mkdirat(at, std::string(20, 'd'), 0755));
    at = MUST(sys::openat(at, std::string(20, 'd'), O_RDONLY | O_DIRECTORY));
  }
  MUST(sys::symlinkat("/usr", at, "link"));
  const auto after = MUST(disk_usage(root));
  EXPECT_EQ(after.inodes - before.inodes, 301);
  MUST(remove_tree(root));
}

}  // namespace
}  // namespace hull::supervisor
