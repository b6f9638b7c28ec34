#include "cli/progress/message_stream.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/sys.h"

namespace hull::cli {
namespace {

std::string progress(const std::string& detail) { return progress_text(MUST(json::parse_value(detail)), 120, 1000); }

TEST(ProgressText, LooksAsDockers) {
  EXPECT_EQ(progress(R"({"current":50,"total":100})"),
            "[=========================>                         ]      50B/100B");
  EXPECT_EQ(progress(R"({"current":50,"total":100,"start":990})").substr(53), "      50B/100B 10s");
  EXPECT_EQ(progress("{}"), "");
}

TEST(ProgressText, BearsEverySize) {
  const std::string most = std::to_string(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(progress(R"({"current":)" + most + R"(,"total":)" + most + "}").substr(0, 53),
            "[" + std::string(50, '=') + ">]");
  EXPECT_EQ(progress(R"({"current":-)" + most + R"(,"total":100})").substr(0, 53), "[>" + std::string(50, ' ') + "]");
  EXPECT_FALSE(progress(R"({"current":1,"total":)" + most + R"(,"start":)" + most + "}").empty());
}

std::string shown(const std::string& message, size_t columns) {
  const sys::Pipe pipe = MUST(sys::pipe());
  MUST(MessageDisplay(pipe.write, columns).show(MUST(json::parse_value(message))));
  char buffer[4096];
  return std::string(buffer, MUST(sys::read(pipe.read, buffer)));
}

TEST(MessageDisplay, ShowsNoControlCharactersOfARegistry) {
  EXPECT_EQ(shown(R"({"status":"a\u001b]0;x\u0007","id":"\u009b2J"})", 0), "\\x9B2J: a\\x1B]0;x\\x07\n");
  EXPECT_EQ(shown(R"({"stream":"Loaded: x\u001b[2J\n"})", 0), "Loaded: x\\x1B[2J\n");
}

}  // namespace
}  // namespace hull::cli
