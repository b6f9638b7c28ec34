#include "ipc/ttrpc/client.h"

#include <sys/epoll.h>

#include <condition_variable>
#include <optional>

#include "base/sys.h"

namespace hull::ttrpc {
namespace {

constexpr size_t kMaxUnsent = size_t{16} << 20;

Error closed_error() { return unavailable("ttrpc: closed"); }

Result<std::string> result_of(const Frame& frame) {
  if (frame.oversized()) return Error(Code::kResourceExhausted, "the answer exceeds the limit of 4 MiB");
  const Response response = TRY(decode_response(frame.message));
  if (!response.ok) return Error(response.code, std::string(response.message));
  return std::string(response.payload);
}

}  // namespace

Result<std::shared_ptr<Client>> Client::connect(EventLoop& loop, const std::string& path,
                                                std::function<void()> on_close) {
  auto fd = TRY(sys::connect_unix(path, SOCK_NONBLOCK));
  std::shared_ptr<Client> client(new Client(loop, std::move(fd), std::move(on_close)));
  // Watches belong to the loop's thread, which may be another one.
  loop.post([client] {
    if (client->closed()) return;
    auto watched = client->loop_.watch(client->socket_.fd(), EPOLLIN | EPOLLOUT | EPOLLET,
                                       [client](uint32_t events) { client->on_event(events); });
    if (!watched.ok()) client->end(true);
  });
  return client;
}

uint32_t Client::start(std::string_view service, std::string_view method, std::string_view payload, Callback callback,
                       const Metadata& metadata, std::chrono::nanoseconds timeout) {
  const std::string message = encode(Request{service, method, payload, timeout, metadata});
  uint32_t id = 0;
  Result<void> sent;
  {
    std::lock_guard lock(mutex_);
    if (closed_) {
      sent = closed_error();
    } else {
      id = std::exchange(next_stream_, next_stream_ + 2);
      sent = socket_.send(id, MessageType::kRequest, message, kMaxUnsent);
    }
    if (sent.ok()) {
      calls_.emplace(id, std::move(callback));
      return id;
    }
  }
  callback(std::move(sent).error());
  return id;
}

bool Client::cancel(uint32_t id) {
  std::lock_guard lock(mutex_);
  return calls_.erase(id) > 0;
}

Result<std::string> Client::call(const Call& limits, std::string_view service, std::string_view method,
                                 std::string_view payload, const Metadata& metadata) {
  struct Waiter {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::optional<Result<std::string>> result;
  };
  const auto waiter = std::make_shared<Waiter>();
  const auto left = limits.deadline == std::chrono::steady_clock::time_point::max()
                        ? std::chrono::nanoseconds(0)
                        : limits.deadline - std::chrono::steady_clock::now();
  if (left.count() < 0) return Error(Code::kDeadlineExceeded, "context deadline exceeded");
  const uint32_t id = start(
      service, method, payload,
      [waiter](Result<std::string> result) {
        std::lock_guard lock(waiter->mutex);
        waiter->result = std::move(result);
        waiter->wake.notify_all();
      },
      metadata, left);
  std::unique_lock lock(waiter->mutex);
  const auto answered = [&] { return waiter->result.has_value(); };
  if (limits.deadline == std::chrono::steady_clock::time_point::max()) {
    waiter->wake.wait(lock, limits.stop, answered);
  } else {
    waiter->wake.wait_until(lock, limits.stop, limits.deadline, answered);
  }
  if (waiter->result) return *std::move(waiter->result);
  lock.unlock();
  cancel(id);
  if (limits.stop.stop_requested()) return cancelled("context canceled");
  return Error(Code::kDeadlineExceeded, "context deadline exceeded");
}

void Client::on_event(uint32_t events) {
  if (events & EPOLLOUT) {
    std::lock_guard lock(mutex_);
    if (!socket_.flush().ok()) events |= EPOLLHUP;
  }
  if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP))) return;
  // Edge-triggered, so that a writer on another thread never has to change the watch: read until nothing is left.
  while (true) {
    std::vector<Frame> frames;
    const auto received = socket_.receive(frames);
    if (!received.ok()) return end(true);
    if (*received == Received::kNothing) return;
    for (const Frame& frame : frames) on_frame(frame);
  }
}

void Client::on_frame(const Frame& frame) {
  Callback callback;
  {
    std::lock_guard lock(mutex_);
    const auto found = calls_.find(frame.stream);
    if (found == calls_.end()) return;  // cancelled, or never asked
    callback = std::move(found->second);
    calls_.erase(found);
  }
  callback(result_of(frame));
}

void Client::end(bool notify) {
  std::unordered_map<uint32_t, Callback> calls;
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    calls.swap(calls_);
  }
  if (notify) loop_.unwatch(socket_.fd());
  for (auto& [id, callback] : calls) callback(closed_error());
  if (notify && on_close_) on_close_();
}

void Client::close() {
  end(false);
  loop_.post([self = shared_from_this()] { self->loop_.unwatch(self->socket_.fd()); });
}

bool Client::closed() const {
  std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace hull::ttrpc
