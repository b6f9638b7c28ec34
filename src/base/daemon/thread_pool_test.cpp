#include "base/daemon/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <latch>

namespace hull {
namespace {

TEST(ThreadPool, RunsTasksAtOnceUpToItsLimit) {
  std::latch all_started(4);
  std::atomic<int> done = 0;
  {
    ThreadPool pool("test", 4);
    for (int i = 0; i < 4; ++i)
      pool.submit([&] {
        all_started.arrive_and_wait();  // passes only if four run together
        ++done;
      });
  }
  EXPECT_EQ(done, 4);
}

TEST(ThreadPool, QueuedTasksRunBeforeItGoes) {
  std::atomic<int> done = 0;
  {
    ThreadPool pool("test", 1);
    for (int i = 0; i < 100; ++i) pool.submit([&] { ++done; });
  }
  EXPECT_EQ(done, 100);
}

TEST(ThreadPool, ClosedItHasRunAllAndTakesNoMore) {
  std::atomic<int> done = 0;
  ThreadPool pool("test", 2);
  for (int i = 0; i < 100; ++i)
    pool.submit([&] {
      pool.submit([&] { ++done; });  // what its tasks submit counts as theirs
    });
  pool.close();
  EXPECT_EQ(done, 100);
  pool.submit([&] { ++done; });
  pool.close();
  EXPECT_EQ(done, 100);
}

TEST(ThreadPool, DrainsInItsTime) {
  std::latch go(1);
  std::atomic<bool> done = false;
  ThreadPool pool("test", 1);
  EXPECT_TRUE(pool.drain(std::chrono::seconds(0)));
  pool.submit([&] { go.wait(); });
  pool.submit([&] { done = true; });
  EXPECT_FALSE(pool.drain(std::chrono::milliseconds(1)));
  go.count_down();
  EXPECT_TRUE(pool.drain(std::chrono::seconds(20)));
  EXPECT_TRUE(done);
}

/// No process of this user may have another thread.
void forbid_threads() {
  constexpr uid_t kNobody = 65534;
  const rlimit none{};
  CHECK(::geteuid() != 0 || ::setresuid(kNobody, kNobody, kNobody) == 0);
  CHECK(::setrlimit(RLIMIT_NPROC, &none) == 0);
}

TEST(ThreadPool, WithoutAnyThreadTheCallerDoesTheWork) {
  const auto run = [] {
    forbid_threads();
    int done = 0;
    ThreadPool pool("test", 4);
    for (int i = 0; i < 3; ++i) pool.submit([&] { ++done; });
    ::_exit(done == 3 ? 0 : 1);
  };
  EXPECT_EXIT(run(), testing::ExitedWithCode(0), "start worker thread");
}

}  // namespace
}  // namespace hull
