#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/daemon/thread_pool.h"
#include "base/fd.h"

namespace hull::supervisor {

/// Brings what was written to disk later and in one go: nobody waits for the disk, most was written back by the kernel
/// by then, and what was deleted meanwhile never gets there. Source: syncfs(2).
class Flusher {
 public:
  /// The kernel's own write-back begins after 30 s (dirty_expire_centisecs).
  static constexpr std::chrono::milliseconds kDelay = std::chrono::seconds(45);

  explicit Flusher(std::chrono::milliseconds delay = kDelay) : delay_(delay) {}
  ~Flusher() { stop(); }

  /// `confirm` runs on another thread once all that the folder's file system holds at this moment is on disk. It never
  /// runs where the disk fails or stop() comes first.
  void flush_later(const std::string& folder, std::function<void()> confirm);
  /// Flushes what waits, now, and waits for it.
  void flush_now();
  /// Forgets what waits: who wrote it distrusts it at the next start. Returns once no `confirm` runs any more.
  void stop();

 private:
  struct Wish {
    std::string folder;
    std::function<void()> confirm;
  };
  void run();
  void flush(const std::vector<Wish>& wishes);
  bool sync(const std::string& folder);

  const std::chrono::milliseconds delay_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, UniqueFd> folders_;  // opened before the flush, so that syncfs(2) tells earlier errors, too
  std::vector<Wish> wishes_;
  bool running_ = false;
  int hurried_ = 0;  // callers of flush_now()
  bool stopped_ = false;
  ThreadPool thread_{"flush", 1};
};

}  // namespace hull::supervisor
