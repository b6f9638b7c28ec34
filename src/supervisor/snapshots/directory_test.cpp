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

}  // namespace
}  // namespace hull::supervisor
