#include "engine/stdio/read_receipt.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "base/sys.h"

namespace hull::engine::stdio {
namespace {

bool signalled(ReadReceipt& receipt) {
  return MUST(sys::poll(MUST(receipt.signal()), POLLIN, std::chrono::milliseconds(0)));
}

TEST(ReadReceipt, ComesWithTheOtherSidesRead) {
  auto pair = MUST(sys::socketpair(SOCK_STREAM));
  ReadReceipt receipt(pair.first);
  EXPECT_TRUE(receipt.read());
  EXPECT_FALSE(signalled(receipt));
  MUST(sys::write_all(pair.first, "HTTP/1.1 101"));
  EXPECT_FALSE(receipt.read());
  std::array<char, 100> buffer;
  MUST(sys::read(pair.second, buffer));
  EXPECT_TRUE(receipt.read());
  EXPECT_TRUE(signalled(receipt));
  receipt.consume();
  EXPECT_FALSE(signalled(receipt));
}

TEST(ReadReceipt, NobodyIsWaitedForWhereNobodyCanTell) {
  auto pipe = MUST(sys::pipe());
  EXPECT_TRUE(ReadReceipt(pipe.write).read());
}

}  // namespace
}  // namespace hull::engine::stdio
