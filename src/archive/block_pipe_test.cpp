#include "archive/block_pipe.h"

#include <gtest/gtest.h>

#include "base/daemon/thread.h"

namespace hull::archive {
namespace {

std::string pattern(size_t size) {
  std::string text(size, '\0');
  for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 % 251);
  return text;
}

/// Pieces of awkward sizes: blocks are filled and emptied across their ends, and used again.
TEST(BlockPipe, AllComesThroughInOrder) {
  const std::string sent = pattern((size_t{5} << 20) + 12345);
  BlockPipe pipe;
  const auto writer = MUST(Thread::start("writer", [&] {
    for (size_t at = 0; at < sent.size(); at += 77'777) MUST(pipe.write(std::string_view(sent).substr(at, 77'777)));
    pipe.end();
  }));
  std::string received(sent.size() + 1, '\0');
  size_t size = 0;
  while (const size_t count =
             MUST(pipe.read({received.data() + size, std::min<size_t>(received.size() - size, 99'991)})))
    size += count;
  received.resize(size);
  EXPECT_TRUE(received == sent);
  EXPECT_FALSE(pipe.reader_was_told());
  EXPECT_FALSE(pipe.writer_was_told());
}

TEST(BlockPipe, WhatCameBeforeAnErrorIsReadBeforeIt) {
  BlockPipe pipe;
  MUST(pipe.write("abc"));
  pipe.end(data_loss("torn"));
  pipe.end();  // the first word holds
  char bytes[8];
  EXPECT_EQ(MUST(pipe.read(bytes)), 3u);
  EXPECT_TRUE(pipe.read(bytes).is(Code::kDataLoss));
  EXPECT_TRUE(pipe.reader_was_told());
}

TEST(BlockPipe, AWriterThatWaitsHearsThatNobodyReads) {
  BlockPipe pipe;
  Result<void> written;
  auto writer = MUST(Thread::start("writer", [&] { written = pipe.write(std::string(size_t{64} << 20, 'x')); }));
  char byte = 0;
  MUST(pipe.read({&byte, 1}));
  pipe.stop_reading();
  writer.join();
  EXPECT_TRUE(written.is(Code::kUnavailable));
  EXPECT_TRUE(pipe.writer_was_told());
}

TEST(BlockPipe, NothingAtAllIsTheEnd) {
  BlockPipe pipe;
  pipe.end();
  char byte = 0;
  EXPECT_EQ(MUST(pipe.read({&byte, 1})), 0u);
}

}  // namespace
}  // namespace hull::archive
