#include "base/daemon/thread_body.h"

namespace hull {
namespace {

void* thread_main(void* argument) {
  const std::unique_ptr<ThreadBody> start(static_cast<ThreadBody*>(argument));
  ::pthread_setname_np(::pthread_self(), start->name);
  start->body();
  return nullptr;
}

}  // namespace

Result<pthread_t> ThreadBody::start(const char* name, std::function<void()> body, const pthread_attr_t* attributes) {
  auto start = std::make_unique<ThreadBody>(ThreadBody{name, std::move(body)});
  pthread_t handle;
  const int error = ::pthread_create(&handle, attributes, thread_main, start.get());
  if (error != 0) return Error::from_errno(error, "start thread").as(Code::kResourceExhausted);
  (void)start.release();  // the thread owns it now
  return handle;
}

}  // namespace hull
