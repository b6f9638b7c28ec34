#include "base/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>

#include "base/sys.h"

namespace hull {
namespace {

// A number that was closed and opened again within one round must not get its predecessor's events.
uint64_t tag(int fd, uint32_t generation) { return uint64_t{generation} << 32 | static_cast<uint32_t>(fd); }

}  // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::create() {
  std::unique_ptr<EventLoop> loop(new EventLoop);
  loop->epoll_ = TRY(sys::epoll_create());
  loop->wake_ = TRY(sys::eventfd(0, EFD_NONBLOCK));
  EventLoop* self = loop.get();
  TRY(loop->watch(loop->wake_, EPOLLIN, [self](uint32_t) { self->run_posted(); }));
  return loop;
}

Result<void> EventLoop::watch(FdRef fd, uint32_t events, Handler handler) {
  const uint32_t generation = ++generation_;
  TRY(sys::epoll_add(epoll_, fd, events, tag(fd.get(), generation)));
  watches_[fd.get()] = std::make_shared<Watch>(Watch{generation, std::move(handler)});
  return {};
}

void EventLoop::change(FdRef fd, uint32_t events) {
  const auto found = watches_.find(fd.get());
  CHECK(found != watches_.end());
  MUST(sys::epoll_modify(epoll_, fd, events, tag(fd.get(), found->second->generation)));
}

void EventLoop::unwatch(FdRef fd) {
  if (watches_.erase(fd.get()) > 0) MUST(sys::epoll_remove(epoll_, fd));
}

EventLoop::TimerId EventLoop::after(Clock::duration delay, std::function<void()> handler) {
  // A sum beyond the clock's end would lie in the past.
  constexpr Clock::duration kLongest = std::chrono::hours(24 * 365);
  const TimerId id{Clock::now() + std::min(delay, kLongest), ++next_timer_};
  timers_.emplace(id, std::move(handler));
  return id;
}

void EventLoop::cancel(TimerId timer) { timers_.erase(timer); }

void EventLoop::post(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
    if (posted_.size() > 1) return;  // the wake-up is on its way
  }
  const uint64_t one = 1;
  MUST(sys::write(wake_, {reinterpret_cast<const char*>(&one), sizeof one}));
}

void EventLoop::stop() {
  post([this] { stopped_ = true; });
}

Result<void> EventLoop::run() {
  std::array<epoll_event, 32> buffer;
  while (!stopped_) {
    const int timeout = run_timers();
    for (const epoll_event& event : TRY(sys::epoll_wait(epoll_, buffer, std::chrono::milliseconds(timeout))))
      dispatch(event.data.u64, event.events);
  }
  return {};
}

/// Milliseconds until the next timer, an hour at most; -1 without one.
int EventLoop::run_timers() {
  while (!timers_.empty()) {
    const auto next = timers_.begin();
    const auto left = std::min<Clock::duration>(next->first.first - Clock::now(), std::chrono::hours(1));
    if (left.count() > 0) return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
    auto handler = std::move(next->second);
    timers_.erase(next);
    handler();
    if (stopped_) return 0;
  }
  return -1;
}

void EventLoop::run_posted() {
  uint64_t count = 0;
  MUST(sys::try_read(wake_, {reinterpret_cast<char*>(&count), sizeof count}));
  std::vector<std::function<void()>> work;
  {
    std::lock_guard lock(mutex_);
    work.swap(posted_);
  }
  for (auto& each : work) each();
}

void EventLoop::dispatch(uint64_t data, uint32_t events) {
  const auto found = watches_.find(static_cast<int>(data & 0xffffffff));
  if (found == watches_.end() || found->second->generation != data >> 32) return;
  const std::shared_ptr<Watch> keep = found->second;  // the handler may unwatch itself
  keep->handler(events);
}

}  // namespace hull
