#include "archive/block_pipe.h"

#include <algorithm>
#include <cstring>

namespace hull::archive {

Result<size_t> BlockPipe::read(std::span<char> data) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return filled_ > 0 || ended_; });
  if (filled_ == 0) {
    if (!error_) return size_t{0};
    reader_told_ = true;
    return *error_;
  }
  const Block& block = blocks_[first_];
  lock.unlock();  // the writer does not touch a filled block
  const size_t count = std::min(data.size(), block.size - read_offset_);
  std::memcpy(data.data(), block.data.get() + read_offset_, count);
  read_offset_ += count;
  if (read_offset_ < block.size) return count;
  read_offset_ = 0;
  lock.lock();
  first_ = (first_ + 1) % kBlocks;
  --filled_;
  changed_.notify_all();
  return count;
}

void BlockPipe::stop_reading() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

Result<void> BlockPipe::write(std::string_view data) {
  while (!data.empty()) {
    const auto room = TRY(space());
    const size_t count = std::min(data.size(), room.size());
    std::memcpy(room.data(), data.data(), count);
    filled(count);
    data.remove_prefix(count);
  }
  return {};
}

Result<std::span<char>> BlockPipe::space() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return filled_ < kBlocks || stopped_; });
  if (stopped_) {
    writer_told_ = true;
    return unavailable("write: the reader ended early");
  }
  // The one behind the filled ones; it stays there while it is being filled, as only we add to them.
  Block& block = blocks_[(first_ + filled_) % kBlocks];
  lock.unlock();
  if (!block.data) block.data = std::make_unique_for_overwrite<char[]>(kBlockSize);
  if (!std::exchange(filling_, true)) block.size = 0;
  return std::span(block.data.get() + block.size, kBlockSize - block.size);
}

void BlockPipe::filled(size_t count) {
  std::lock_guard lock(mutex_);
  Block& block = blocks_[(first_ + filled_) % kBlocks];
  block.size += count;
  if (block.size == kBlockSize) pass_on();
}

/// With mutex_ held.
void BlockPipe::pass_on() {
  filling_ = false;
  ++filled_;
  changed_.notify_all();
}

void BlockPipe::end(Result<void> how) {
  std::lock_guard lock(mutex_);
  if (std::exchange(ended_, true)) return;
  if (!how.ok()) error_ = std::move(how).error();
  if (filling_ && blocks_[(first_ + filled_) % kBlocks].size > 0) pass_on();
  changed_.notify_all();
}

}  // namespace hull::archive
