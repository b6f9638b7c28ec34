#include <gtest/gtest.h>

#include <limits>

#include "api/image/inspect.h"
#include "api/image/operations.h"
#include "api/image/progress.h"
#include "api/image/registry_auth.h"
#include "api/image/summary.h"

namespace hull::api {
namespace {

TEST(RegistryAuth, GoesThereAndBack) {
  const AuthConfig auth{.username = "anna", .password = "p?>~ä", .server_address = "localhost:5000"};
  const auto text = encode_registry_auth(auth);
  EXPECT_EQ(text.find_first_of("+/"), std::string::npos);
  const auto back = MUST(decode_registry_auth(text));
  EXPECT_EQ(back.username, auth.username);
  EXPECT_EQ(back.password, auth.password);
  EXPECT_EQ(back.server_address, auth.server_address);
}

TEST(RegistryAuth, RefusesWhatIsNone) {
  EXPECT_TRUE(decode_registry_auth("").ok());
  EXPECT_TRUE(decode_registry_auth("e30=").ok());  // {}
  EXPECT_EQ(decode_registry_auth("!").code(), Code::kInvalidArgument);
  EXPECT_EQ(decode_registry_auth("aGVsbG8=").code(), Code::kInvalidArgument);
}

TEST(Progress, BarsLookAsDockers) {
  EXPECT_EQ(draw_bar({.current = 0, .total = 0}), "");
  EXPECT_EQ(draw_bar({.current = 32768, .total = 0}), " 32.77kB");
  EXPECT_EQ(draw_bar({.current = 50, .total = 100}),
            "[=========================>                         ]      50B/100B");
}

TEST(Progress, BarsBearEverySize) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  for (const int64_t size : {int64_t{100'000'000'000'000'000}, kMost})
    EXPECT_EQ(draw_bar({.current = size, .total = size}).substr(0, 53), "[" + std::string(50, '=') + ">]");
  EXPECT_EQ(draw_bar({.current = -kMost, .total = kMost}).substr(0, 53), "[>" + std::string(50, ' ') + "]");
}

TEST(ProgressMessage, IsShapedAsDockers) {
  EXPECT_EQ(json::format(ProgressMessage{.status = "Pulling fs layer", .detail = ProgressDetail{}, .id = "abc"}),
            R"({"status":"Pulling fs layer","progressDetail":{},"id":"abc"})");
  EXPECT_EQ(json::format(ProgressMessage{.error = ProgressError{.message = "no"}, .error_text = "no"}),
            R"({"errorDetail":{"message":"no"},"error":"no"})");
}

TEST(ImageSummary, WritesWhatClientsCountOn) {
  const auto text = json::format(ImageSummary{.id = "sha256:x", .repo_tags = {"a:1"}});
  EXPECT_NE(text.find(R"("Containers":-1)"), std::string::npos);
  EXPECT_NE(text.find(R"("SharedSize":-1)"), std::string::npos);
  EXPECT_NE(text.find(R"("Labels":null)"), std::string::npos);
}

}  // namespace
}  // namespace hull::api
