#pragma once

#include <pthread.h>
#include <functional>
#include <optional>
#include <utility>

#include "base/result.h"

namespace hull {

/// A thread that is waited for at the latest when it goes out of scope: what its body refers to outlives it.
class Thread {
 public:
  /// None; join() does nothing.
  Thread() = default;
  /// name: at most 15 characters, shown by ps and gdb. Errors: kResourceExhausted. Source: pthread_create(3).
  static Result<Thread> start(const char* name, std::function<void()> body);

  Thread(Thread&& other) noexcept : handle_(std::exchange(other.handle_, std::nullopt)) {}
  Thread& operator=(Thread&& other) noexcept {
    join();
    handle_ = std::exchange(other.handle_, std::nullopt);
    return *this;
  }
  ~Thread() { join(); }

  /// Waits for the body's end; repeat calls do nothing.
  void join();
  bool joinable() const { return handle_.has_value(); }

 private:
  explicit Thread(pthread_t handle) : handle_(handle) {}
  std::optional<pthread_t> handle_;
};

}  // namespace hull
