#include "base/daemon/thread.h"

#include "base/daemon/thread_body.h"

namespace hull {

Result<Thread> Thread::start(const char* name, std::function<void()> body) {
  return Thread(TRY(ThreadBody::start(name, std::move(body), nullptr)));
}

void Thread::join() {
  if (const auto handle = std::exchange(handle_, std::nullopt)) ::pthread_join(*handle, nullptr);
}

}  // namespace hull
