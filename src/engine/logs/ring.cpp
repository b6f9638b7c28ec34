#include "engine/logs/ring.h"

#include "base/log.h"

namespace hull::engine::logs {

Result<std::unique_ptr<Ring>> Ring::start(std::unique_ptr<Driver> inner, Bytes most) {
  std::unique_ptr<Ring> ring(new Ring(std::move(inner), most));
  ring->thread_ = TRY(Thread::start("log-ring", [raw = ring.get()] { raw->run(); }));
  return ring;
}

Ring::~Ring() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
  if (dropped_ > 0) logging::warn("container output was dropped by a full log buffer", {{"bytes", dropped_}});
}

void Ring::write(Stream stream, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  const auto more = static_cast<int64_t>(bytes.size());
  // One piece is always taken: a buffer that is too small must not drop everything.
  if (!waiting_.empty() && size_ + more > most_.count) {
    dropped_ += more;
    return;
  }
  size_ += more;
  waiting_.push_back({stream, std::string(bytes)});
  changed_.notify_all();
}

void Ring::finish(Stream stream) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({stream, ""});
  changed_.notify_all();
}

std::string_view Ring::unfinished(Stream stream) const {
  // Nothing is added meanwhile: the caller is who adds.
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() && !writing_; });
  return inner_->unfinished(stream);
}

int64_t Ring::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void Ring::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    // After a stop, what waits is written all the same.
    if (waiting_.empty()) return;
    const Piece piece = std::move(waiting_.front());
    waiting_.pop_front();
    size_ -= static_cast<int64_t>(piece.bytes.size());
    writing_ = true;
    lock.unlock();
    if (piece.bytes.empty())
      inner_->finish(piece.stream);
    else
      inner_->write(piece.stream, piece.bytes);
    lock.lock();
    writing_ = false;
    changed_.notify_all();
  }
}

}  // namespace hull::engine::logs
