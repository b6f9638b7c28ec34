#include "ipc/ttrpc/frame_socket.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/sys.h"

namespace hull::ttrpc {
namespace {

constexpr size_t kKept = 64 * 1024;  // of a buffer that is empty

}  // namespace

Result<Received> FrameSocket::receive(std::vector<Frame>& frames) {
  std::array<char, 16384> buffer;
  const auto count = TRY(sys::try_read(fd_, buffer));
  if (!count) return Received::kNothing;
  if (*count == 0) return unavailable("ttrpc: closed");
  reader_.feed({buffer.data(), *count}, frames);
  return Received::kBytes;
}

Result<void> FrameSocket::send(uint32_t stream, MessageType type, std::string_view message, size_t limit) {
  if (message.size() > kMaxMessage)
    return Error(Code::kResourceExhausted, "message of " + std::to_string(message.size()) +
                                               " bytes exceeds the limit of " + std::to_string(kMaxMessage));
  if (out_.size() - sent_ + message.size() > limit)
    return Error(Code::kResourceExhausted, "ttrpc: the peer does not read its messages");
  append_frame(out_, stream, type, 0, message);
  return flush();
}

Result<void> FrameSocket::flush() {
  while (sent_ < out_.size()) {
    const ssize_t count = ::send(fd_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      sent_ += static_cast<size_t>(count);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return Error::from_errno(errno, "ttrpc: send").as(Code::kUnavailable);
    // A peer that always leaves something unread must not make what was sent pile up; each byte is moved once at most.
    if (sent_ > kKept && sent_ >= out_.size() / 2) out_.erase(0, std::exchange(sent_, 0));
    return {};
  }
  sent_ = 0;
  out_.clear();
  if (out_.capacity() > kKept) out_.shrink_to_fit();
  return {};
}

}  // namespace hull::ttrpc
