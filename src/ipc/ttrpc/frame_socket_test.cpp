#include "ipc/ttrpc/frame_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/sys.h"

namespace hull::ttrpc {
namespace {

TEST(FrameSocket, WhatWasSentDoesNotPileUp) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
  FrameSocket socket{UniqueFd(ends[0])};
  const UniqueFd peer(ends[1]);
  constexpr size_t kLimit = 4 << 20;
  const std::string message(100'000, 'x');
  std::vector<char> buffer(message.size());
  // Some messages ahead, so that never all is sent; then the peer reads as much as comes.
  while (socket.held() < 1 << 20) MUST(socket.send(1, MessageType::kData, message, kLimit));
  for (int i = 0; i < 1000; ++i) {
    MUST(socket.send(1, MessageType::kData, message, kLimit));
    for (size_t read = 0; read < message.size();) {
      const auto count = MUST(sys::try_read(peer, buffer));
      if (count) read += *count;
      MUST(socket.flush());
    }
    ASSERT_TRUE(socket.wants_to_write());
    ASSERT_LE(socket.held(), 2 * kLimit);
  }
}

}  // namespace
}  // namespace hull::ttrpc
