#pragma once

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "archive/stream.h"

namespace hull::archive {

/// Bytes on their way from one thread to another, in a bounded number of blocks, each of which is filled once and
/// used again. One thread writes, one reads.
class BlockPipe : public Source, public Sink {
 public:
  /// Waits for bytes. After the last: 0, or the error that end() was given.
  Result<size_t> read(std::span<char> data) override;
  /// The reader wants no more: the writer gets an error.
  void stop_reading();

  /// Waits for space. Errors: kUnavailable where nobody reads any more.
  Result<void> write(std::string_view data) override;
  /// The same without a copy: room for at least one byte, of which filled() then says how much there is.
  Result<std::span<char>> space();
  void filled(size_t count);
  /// No more comes: for a reason, or because that was all. Repeat calls do nothing.
  void end(Result<void> how = {});

  /// Whether a side got an error because of the other. Asked when both have ended.
  bool reader_was_told() const { return reader_told_; }
  bool writer_was_told() const { return writer_told_; }

 private:
  static constexpr size_t kBlockSize = size_t{512} * 1024;
  static constexpr size_t kBlocks = 4;
  struct Block {
    std::unique_ptr<char[]> data;
    size_t size = 0;
  };
  void pass_on();

  std::array<Block, kBlocks> blocks_;
  size_t read_offset_ = 0;    // the reader's, in the first block
  bool filling_ = false;      // the writer's: the block behind the filled ones has bytes already
  bool reader_told_ = false;  // the reader's
  bool writer_told_ = false;  // the writer's

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  size_t first_ = 0;
  size_t filled_ = 0;
  bool ended_ = false;
  bool stopped_ = false;
  std::optional<Error> error_;
};

}  // namespace hull::archive
