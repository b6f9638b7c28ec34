#include "engine/routes/containers/backlog.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <array>

#include "base/sys.h"

namespace hull::engine::routes {
namespace {

constexpr size_t kSendAt = 64 * 1024;

/// Until the socket takes more or the stop was requested.
Result<void> wait_for_room(FdRef client, const std::stop_token& stop) {
  const UniqueFd stopped = TRY(sys::eventfd(0, EFD_NONBLOCK));
  const std::stop_callback wake(stop, [&] {
    const uint64_t one = 1;
    (void)sys::try_write(stopped, {reinterpret_cast<const char*>(&one), sizeof one}).ok();
  });
  std::array<pollfd, 2> fds{pollfd{client.get(), POLLOUT, 0}, pollfd{stopped.get(), POLLIN, 0}};
  if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) return Error::from_errno(errno, "wait for client");
  if (stop.stop_requested()) return cancelled("send log: cancelled");
  return {};
}

}  // namespace

Result<void> Backlog::take(const logs::Entry& entry) {
  if (!(entry.stream == logs::Stream::kStdout ? wants_.out : wants_.err)) return {};
  stdio::append_framed(out_, framing_, entry.stream, entry.text);
  return out_.size() >= kSendAt ? flush() : Result<void>();
}

Result<void> Backlog::flush() {
  std::string_view left = out_;
  while (!left.empty()) {
    const auto sent = TRY(sys::try_send(client_, left));
    if (sent) {
      left.remove_prefix(*sent);
    } else {
      TRY(wait_for_room(client_, stop_));
    }
  }
  out_.clear();
  return {};
}

}  // namespace hull::engine::routes
