#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/result.h"

namespace hull {

/// Starts a thread with a small stack that nobody joins; for long-lived streams. `name` shows in ps and gdb.
/// Errors: kResourceExhausted. Source: pthread_create(3).
Result<void> start_thread(const char* name, std::function<void()> body, size_t stack_bytes = 256 * 1024);

/// Runs tasks on at most `limit` threads, which start on demand and end when idle for a while: an idle daemon has none.
class ThreadPool {
 public:
  explicit ThreadPool(const char* name, size_t limit) : name_(name), limit_(limit) {}
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  /// As close().
  ~ThreadPool() { close(); }

  /// Runs the task here where no thread can be made and none is there. The caller holds no lock that the task takes.
  /// After close() the task is dropped.
  void submit(std::function<void()> task);

  /// Waits until nothing runs or is queued; false where the time is over before.
  bool drain(std::chrono::milliseconds time);
  /// Waits until running tasks have ended; queued ones run, too, and what they submit. Not to be called by a task.
  /// Repeat calls do nothing.
  void close();

 private:
  void run();
  void run_one(std::unique_lock<std::mutex>& lock);

  const char* const name_;
  const size_t limit_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable ended_;  // of a thread, or of its last task for now
  std::deque<std::function<void()>> queue_;
  size_t threads_ = 0;
  size_t idle_ = 0;
  bool closing_ = false;  // threads end when nothing is queued
  bool closed_ = false;   // and nothing is any more
};

}  // namespace hull
