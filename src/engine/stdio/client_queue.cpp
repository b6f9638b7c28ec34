#include "engine/stdio/client_queue.h"

#include <sys/eventfd.h>

#include "base/sys.h"

namespace hull::engine::stdio {

void append_framed(std::string& out, Framing framing, logs::Stream stream, std::string_view bytes) {
  if (framing == Framing::kFrames) {
    const auto size = static_cast<uint32_t>(bytes.size());
    const char header[8] = {static_cast<char>(stream == logs::Stream::kStdout ? 1 : 2),
                            0,
                            0,
                            0,
                            static_cast<char>(size >> 24),
                            static_cast<char>(size >> 16),
                            static_cast<char>(size >> 8),
                            static_cast<char>(size)};
    out.append(header, sizeof header);
  }
  out += bytes;
}

Result<std::shared_ptr<ClientQueue>> ClientQueue::create(Framing framing, Wants wants) {
  return std::shared_ptr<ClientQueue>(new ClientQueue(framing, wants, TRY(sys::eventfd(0, EFD_NONBLOCK))));
}

bool ClientQueue::push(logs::Stream stream, std::string_view bytes) {
  return (stream == logs::Stream::kStdout ? wants_.out : wants_.err) ? push_anyway(stream, bytes) : true;
}

bool ClientQueue::push_anyway(logs::Stream stream, std::string_view bytes) {
  bool first = false;
  bool full = false;
  {
    std::lock_guard lock(mutex_);
    if (abandoned_ || ended_) return true;
    first = queued_.empty();
    append_framed(queued_, framing_, stream, bytes);
    full = full_ = queued_.size() >= kFull;
  }
  if (first) wake();
  return !full;
}

void ClientQueue::end() {
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake();
}

void ClientQueue::on_room(std::function<void()> resume) {
  std::lock_guard lock(mutex_);
  resume_ = std::move(resume);
}

void ClientQueue::wake() {
  const uint64_t one = 1;
  // A counter that is full is readable already.
  (void)sys::try_write(signal_, {reinterpret_cast<const char*>(&one), sizeof one}).ok();
}

bool ClientQueue::take(std::string& out) {
  uint64_t count = 0;
  (void)sys::try_read(signal_, {reinterpret_cast<char*>(&count), sizeof count}).ok();
  std::function<void()> resume;
  bool more = true;
  {
    std::lock_guard lock(mutex_);
    if (out.empty()) {
      out.swap(queued_);
    } else {
      out += queued_;
    }
    queued_.clear();
    if (std::exchange(full_, false)) resume = resume_;
    more = !ended_;
  }
  if (resume) resume();
  return more;
}

void ClientQueue::abandon() {
  std::function<void()> resume;
  {
    std::lock_guard lock(mutex_);
    abandoned_ = true;
    queued_.clear();
    if (std::exchange(full_, false)) resume = resume_;
  }
  if (resume) resume();
}

}  // namespace hull::engine::stdio
