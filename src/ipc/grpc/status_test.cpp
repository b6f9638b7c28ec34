#include "ipc/grpc/status.h"

#include <gtest/gtest.h>

namespace hull::ipc {
namespace {

TEST(GrpcStatus, EndsInContainerdsWords) {
  const auto status = to_status(not_found("image \"x\""));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "image \"x\": not found");
  EXPECT_EQ(to_status(Error(Code::kInternal, "x")).error_message(), "x");
}

TEST(GrpcStatus, FitsIntoAHeader) {
  const std::string ascii = to_status(not_found("image \"" + std::string(100'000, 'x') + "\"")).error_message();
  EXPECT_LT(ascii.size(), 6000u);
  EXPECT_TRUE(ascii.starts_with("image \"xxx") && ascii.ends_with("xxx\": not found"));
  std::string umlauts;
  for (int i = 0; i < 10'000; ++i) umlauts += "\xC3\xA4";
  for (const char* shift : {"", "x"}) {
    const std::string text = to_status(not_found(shift + umlauts)).error_message();
    EXPECT_LT(3 * text.size(), 8000u);
    // No character is cut in two.
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\xC3') {
        EXPECT_EQ(text[i + 1], '\xA4');
      }
      if (text[i] == '\xA4') {
        EXPECT_EQ(text[i - 1], '\xC3');
      }
    }
  }
}

TEST(GrpcStatus, ComesBackAsItWas) {
  for (int i = 0; i <= static_cast<int>(Code::kUnauthenticated); ++i) {
    const Error error(static_cast<Code>(i), "text");
    const Error again = from_status(to_status(error));
    EXPECT_EQ(again.code(), error.code());
    EXPECT_EQ(again.message(), "text");
  }
}

}  // namespace
}  // namespace hull::ipc
