#include "cli/format/units.h"

#include <gtest/gtest.h>

#include "cli/format/natural_order.h"
#include "cli/format/printable.h"
#include "cli/format/table.h"

namespace hull::cli {
namespace {

using namespace std::chrono_literals;

TEST(Units, SizesAreWrittenAsDockers) {
  EXPECT_EQ(human_size(0), "0B");
  EXPECT_EQ(human_size(999), "999B");
  EXPECT_EQ(human_size(1984547, 3), "1.98MB");
  EXPECT_EQ(human_size(77111111), "77.11MB");
  EXPECT_EQ(binary_size(1024), "1KiB");
  EXPECT_EQ(binary_size(25273000000.0), "23.54GiB");
}

TEST(Table, BearsAsManyColumnsAsThereAre) {
  EXPECT_EQ(align_columns(std::string(1 << 20, '\t'), 10, 3).size(), size_t{10} << 20);
}

TEST(Printable, ControlCharactersAreShown) {
  EXPECT_EQ(printable("a\tb\n äé€"), "a\tb\n äé€");
  EXPECT_EQ(printable("\x1b]0;title\x07\r\x7f"), "\\x1B]0;title\\x07\\x0D\\x7F");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m\xC2\xA0\xC2"),
            "\\x9B31m\xC2\xA0\xC2");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
}

TEST(Units, SizesAreReadInPowersOf1024) {
  EXPECT_EQ(MUST(parse_size("1")), 1);
  EXPECT_EQ(MUST(parse_size("1k")), 1024);
  EXPECT_EQ(MUST(parse_size("1.5MB")), 1572864);
  EXPECT_EQ(MUST(parse_size("2 GiB")), 2147483648);
  EXPECT_EQ(parse_size("x").error().message(), "invalid size: 'x'");
  EXPECT_EQ(parse_size("-5").error().message(), "invalid size: '-5'");
  EXPECT_EQ(parse_size("5x").error().message(), "invalid suffix: 'x'");
  EXPECT_FALSE(parse_size("99999999999p").ok());
}

TEST(Units, DurationsAreAbout) {
  EXPECT_EQ(human_duration(100ms), "Less than a second");
  EXPECT_EQ(human_duration(1s), "1 second");
  EXPECT_EQ(human_duration(59s), "59 seconds");
  EXPECT_EQ(human_duration(60s), "About a minute");
  EXPECT_EQ(human_duration(10min), "10 minutes");
  EXPECT_EQ(human_duration(61min), "About an hour");
  EXPECT_EQ(human_duration(26h), "26 hours");
  EXPECT_EQ(human_duration(24h * 3), "3 days");
  EXPECT_EQ(human_duration(24h * 21), "3 weeks");
  EXPECT_EQ(human_duration(24h * 100), "3 months");
  EXPECT_EQ(human_duration(24h * 365 * 2), "2 years");
}

TEST(Units, IdsAndTextsAreShortened) {
  EXPECT_EQ(short_id("sha256:0123456789abcdef"), "0123456789ab");
  EXPECT_EQ(ellipsis("sleep 1000 and more text", 20), "sleep 1000 and more…");
  EXPECT_EQ(ellipsis("häuser", 6), "häuser");
}

TEST(Table, ColumnsAreAsWideAsTheyNeed) {
  EXPECT_EQ(align_table("ID\tNAME\n1\tlong name here\n"), "ID        NAME\n1         long name here\n");
  EXPECT_EQ(align_table("REPOSITORY\tB\tC\nx\ty\tz\n"), "REPOSITORY   B         C\nx            y         z\n");
}

TEST(NaturalOrder, NumbersCompareAsNumbers) {
  EXPECT_TRUE(natural_less("net2", "net10"));
  EXPECT_FALSE(natural_less("net10", "net2"));
  EXPECT_TRUE(natural_less("a", "b"));
}

}  // namespace
}  // namespace hull::cli
