#include "base/daemon/thread.h"

#include <memory>

namespace hull {
namespace {

struct Start {
  const char* name;
  std::function<void()> body;
};

void* thread_main(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  ::pthread_setname_np(::pthread_self(), start->name);
  start->body();
  return nullptr;
}

}  // namespace

Result<Thread> Thread::start(const char* name, std::function<void()> body) {
  auto start = std::make_unique<Start>(Start{name, std::move(body)});
  pthread_t handle;
  const int error = ::pthread_create(&handle, nullptr, thread_main, start.get());
  if (error != 0) return Error::from_errno(error, "start thread").as(Code::kResourceExhausted);
  (void)start.release();  // the thread owns it now
  return Thread(handle);
}

void Thread::join() {
  if (const auto handle = std::exchange(handle_, std::nullopt)) ::pthread_join(*handle, nullptr);
}

}  // namespace hull
