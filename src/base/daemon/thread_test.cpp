#include "base/daemon/thread.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <utility>
#include <vector>

namespace hull {
namespace {

TEST(Thread, IsWaitedForWhenItGoesOutOfScope) {
  std::atomic<bool> ran = false;
  {
    const auto thread = MUST(Thread::start("test", [&] { ran = true; }));
  }
  EXPECT_TRUE(ran);
}

TEST(Thread, ANewOneWaitsForTheOneInItsPlace) {
  std::atomic<int> ran = 0;
  Thread thread = MUST(Thread::start("test", [&] { ++ran; }));
  thread = MUST(Thread::start("test", [&] { ++ran; }));
  thread.join();
  thread.join();
  EXPECT_EQ(ran, 2);
  EXPECT_FALSE(thread.joinable());
}

/// In a process of its own: where no memory for a stack is left, the caller is told.
TEST(Thread, WithoutMemoryTheCallerIsTold) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer needs memory, too";
#endif
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_AS, &none);
    std::vector<Thread> threads;  // the first get what earlier threads have left (glibc keeps stacks)
    threads.reserve(64);
    while (threads.size() < 64) {
      auto thread = Thread::start("test", [] { ::pause(); });
      if (!thread.ok()) ::_exit(thread.is(Code::kResourceExhausted) ? 0 : 1);
      threads.push_back(std::move(*thread));
    }
    ::_exit(2);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace hull
