#include "base/daemon/thread_pool.h"

#include <pthread.h>

#include <chrono>

#include "base/daemon/thread_body.h"
#include "base/log.h"

namespace hull {
Result<void> start_thread(const char* name, std::function<void()> body, size_t stack_bytes) {
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  ::pthread_attr_setstacksize(&attributes, stack_bytes);
  const auto started = ThreadBody::start(name, std::move(body), &attributes);
  ::pthread_attr_destroy(&attributes);
  return started.ok() ? Result<void>() : Result<void>(started.error());
}

void ThreadPool::close() {
  std::unique_lock lock(mutex_);
  closing_ = true;
  wake_.notify_all();
  ended_.wait(lock, [this] { return threads_ == 0; });
  closed_ = true;
}

bool ThreadPool::drain(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return ended_.wait_for(lock, time, [this] { return queue_.empty() && threads_ == idle_; });
}

void ThreadPool::submit(std::function<void()> task) {
  std::unique_lock lock(mutex_);
  if (closed_) return;
  queue_.push_back(std::move(task));
  if (idle_ >= queue_.size() || threads_ >= limit_) {
    wake_.notify_one();
    return;
  }
  ++threads_;
  lock.unlock();
  constexpr size_t kStack = 512 * 1024;
  if (auto started = start_thread(
          name_, [this] { run(); }, kStack);
      !started.ok()) {
    logging::warn("start worker thread", {{"pool", name_}, {"error", started.error().message()}});
    lock.lock();
    --threads_;
    if (threads_ == 0) run_one(lock);  // without a thread that lives, nobody else would ever take it
  }
}

void ThreadPool::run() {
  constexpr auto kIdle = std::chrono::seconds(5);
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    ended_.notify_all();
    wake_.wait_for(lock, kIdle, [this] { return !queue_.empty() || closing_; });
    --idle_;
    if (queue_.empty()) break;
    run_one(lock);
  }
  --threads_;
  ended_.notify_all();
}

void ThreadPool::run_one(std::unique_lock<std::mutex>& lock) {
  if (queue_.empty()) return;
  auto task = std::move(queue_.front());
  queue_.pop_front();
  lock.unlock();
  task();
  task = nullptr;  // what it holds goes before the next wait
  lock.lock();
}

}  // namespace hull
