#include "supervisor/diff/layers.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/ids.h"

namespace hull::supervisor {
namespace {

TEST(StackOf, KnowsWhatFuseMergesButNotAsAPlainUpperDirectory) {
  const auto stack = stack_of({{"fuse3.fuse-overlayfs", "overlay", "", {"upperdir=/u", "lowerdir=/a:/b"}}});
  ASSERT_TRUE(stack);
  EXPECT_EQ(stack->directories, (std::vector<std::string>{"/u", "/a", "/b"}));
  EXPECT_TRUE(stack->writable && stack->merged && !stack->by_kernel);
}

}  // namespace
}  // namespace hull::supervisor
