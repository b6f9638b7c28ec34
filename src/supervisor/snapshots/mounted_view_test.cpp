#include "supervisor/snapshots/mounted_view.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/files.h"
#include "base/ids.h"
#include "base/sys.h"

namespace hull::supervisor {
namespace {

TEST(MountedView, WhatAKilledDaemonLeftIsClearedAndNothingElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "mounts need root";
  const std::string scratch = "/tmp/hull-views-" + random_hex(16);
  const std::string left = scratch + "/view-left";
  MUST(make_directories(left, 0700));
  MUST(sys::mkdir(scratch + "/view-bare", 0700));
  MUST(sys::mkdir(scratch + "/other", 0700));
  ASSERT_EQ(::mount("tmpfs", left.c_str(), "tmpfs", 0, nullptr), 0);
  MUST(replace_file(left + "/file", "text", 0600));
  MountedView::clear(scratch);
  EXPECT_EQ(MUST(list_directory(scratch)), std::vector<std::string>{"other"});
  MountedView::clear(scratch + "/missing");
  MUST(remove_tree(scratch));
}

}  // namespace
}  // namespace hull::supervisor
