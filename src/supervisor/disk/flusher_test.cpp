#include "supervisor/disk/flusher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace hull::supervisor {
namespace {

TEST(Flusher, ConfirmsOnceAllIsOnDisk) {
  Flusher flusher(std::chrono::hours(1));
  std::atomic<int> confirmed = 0;
  for (int i = 0; i < 3; ++i) flusher.flush_later("/tmp", [&] { ++confirmed; });
  EXPECT_EQ(confirmed, 0);
  flusher.flush_now();
  EXPECT_EQ(confirmed, 3);
  flusher.flush_later("/tmp", [&] { ++confirmed; });
  flusher.flush_now();
  EXPECT_EQ(confirmed, 4);
}

TEST(Flusher, TwoWhoHurryNeedNotWait) {
  Flusher flusher(std::chrono::hours(1));
  std::atomic<int> confirmed = 0;
  flusher.flush_later("/tmp", [&] {
    // Comes while the first one is served, and waits for the second.
    if (++confirmed == 1) flusher.flush_later("/tmp", [&] { ++confirmed; });
  });
  std::thread other([&] { flusher.flush_now(); });
  flusher.flush_now();
  other.join();
  EXPECT_EQ(confirmed, 2);
}

TEST(Flusher, FlushesByItselfAfterAWhile) {
  std::mutex mutex;
  std::condition_variable changed;
  bool confirmed = false;
  Flusher flusher(std::chrono::milliseconds(1));
  flusher.flush_later("/tmp", [&] {
    std::lock_guard lock(mutex);
    confirmed = true;
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::minutes(1), [&] { return confirmed; }));
}

TEST(Flusher, ConfirmsNothingAfterItWasStopped) {
  Flusher flusher(std::chrono::hours(1));
  bool confirmed = false;
  flusher.flush_later("/tmp", [&] { confirmed = true; });
  flusher.stop();
  flusher.flush_later("/tmp", [&] { confirmed = true; });
  flusher.flush_now();
  EXPECT_FALSE(confirmed);
}

TEST(Flusher, DoesNotConfirmWhatItCannotFlush) {
  Flusher flusher(std::chrono::hours(1));
  bool confirmed = false;
  flusher.flush_later("/nonexistent", [&] { confirmed = true; });
  flusher.flush_now();
  EXPECT_FALSE(confirmed);
}

}  // namespace
}  // namespace hull::supervisor
