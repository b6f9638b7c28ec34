#include "archive/share.h"

#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

namespace hull::archive {
namespace {

constexpr size_t kMaxWaiting = 8;

/// Blocks on their way to the thread beside.
class Queue : public Source {
 public:
  Result<size_t> read(std::span<char> data) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !blocks_.empty() || closed_; });
    if (blocks_.empty() && complete_) return size_t{0};
    if (blocks_.empty()) {
      starved_ = true;
      return unavailable("read: the source ended early");
    }
    std::string& block = blocks_.front();
    lock.unlock();  // the front is the reader's alone
    const size_t count = std::min(data.size(), block.size() - offset_);
    std::memcpy(data.data(), block.data() + offset_, count);
    offset_ += count;
    if (offset_ < block.size()) return count;
    lock.lock();
    blocks_.pop_front();
    offset_ = 0;
    changed_.notify_all();
    return count;
  }

  /// Errors: kUnavailable where nobody reads any more.
  Result<void> push(std::string_view data) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return blocks_.size() < kMaxWaiting || abandoned_; });
    if (abandoned_) {
      refused_ = true;
      return unavailable("write: the reader ended early");
    }
    blocks_.emplace_back(data);
    changed_.notify_all();
    return {};
  }
  /// No more comes; complete: all has come.
  void close(bool complete) {
    std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    complete_ = complete;
    changed_.notify_all();
  }
  /// No more is read.
  void abandon() {
    std::lock_guard lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
  }
  /// Whether reading or writing failed because of the other side. Asked when both have ended.
  bool starved() const { return starved_; }
  bool refused() const { return refused_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> blocks_;
  size_t offset_ = 0;  // in the front
  bool closed_ = false;
  bool complete_ = false;
  bool abandoned_ = false;
  bool starved_ = false;
  bool refused_ = false;
};

class Tapped : public Source {
 public:
  Tapped(Source& inner, Queue& queue) : inner_(inner), queue_(queue) {}
  Result<size_t> read(std::span<char> data) override {
    const size_t count = TRY(inner_.read(data));
    if (count == 0)
      queue_.close(true);
    else
      TRY(queue_.push({data.data(), count}));
    return count;
  }

 private:
  Source& inner_;
  Queue& queue_;
};

}  // namespace

Result<void> share(Source& source, const Consumer& here, const Consumer& beside) {
  Queue queue;
  Result<void> other;
  std::thread thread([&] {
    other = beside(queue);
    queue.abandon();
  });
  Tapped tapped(source, queue);
  auto result = here(tapped);
  queue.close(false);
  thread.join();
  if (!other.ok() && !queue.starved()) return other;
  if (!result.ok() && !queue.refused()) return result;
  return result.ok() ? other : result;
}

}  // namespace hull::archive
