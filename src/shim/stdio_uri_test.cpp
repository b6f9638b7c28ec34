#include "shim/stdio_uri.h"

#include <gtest/gtest.h>

namespace hull::shim {
namespace {

using Kind = StdioUri::Kind;

TEST(StdioUri, ABarePathIsAFifoWhateverItsName) {
  const auto uri = MUST(parse_stdio_uri("/run/a%20b?c"));
  EXPECT_EQ(uri.kind, Kind::kFifo);
  EXPECT_EQ(uri.path, "/run/a%20b?c");
}

TEST(StdioUri, PathAndQueryAreDecoded) {
  const auto uri = MUST(parse_stdio_uri("binary:///usr/bin/log%20ger?b=1+2&a=%2fx%3D&flag&=&b=again#fragment"));
  EXPECT_EQ(uri.kind, Kind::kBinary);
  EXPECT_EQ(uri.path, "/usr/bin/log ger");
  const std::vector<std::pair<std::string, std::string>> values{
      {"b", "1 2"}, {"a", "/x="}, {"flag", ""}, {"", ""}, {"b", "again"}};
  EXPECT_EQ(uri.values, values);
  EXPECT_EQ(MUST(parse_stdio_uri("file:///tmp/a+b")).path, "/tmp/a+b");
}

TEST(StdioUri, RefusesWhatItDoesNotKnow) {
  EXPECT_TRUE(parse_stdio_uri("gopher://x/y").is(Code::kUnimplemented));
  for (const char* bad :
       {"", "relative", "file://host/path", "binary://", "file:///a%", "file:///a%2", "file:///a%zz", "file:///a%00"})
    EXPECT_TRUE(parse_stdio_uri(bad).is(Code::kInvalidArgument)) << bad;
}

}  // namespace
}  // namespace hull::shim
