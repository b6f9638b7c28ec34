#pragma once

#include <pthread.h>

#include <functional>
#include <memory>

#include "base/result.h"

namespace hull {

/// What pthread_create(3) starts both for Thread and for start_thread(): the body, under its name.
struct ThreadBody {
  const char* name;
  std::function<void()> body;

  /// attributes: may be null. Errors: kResourceExhausted.
  static Result<pthread_t> start(const char* name, std::function<void()> body, const pthread_attr_t* attributes);
};

}  // namespace hull
