#include "runtime/systemd/wire.h"

#include <gtest/gtest.h>

namespace hull::runtime::dbus {
namespace {

Message example() {
  Writer body;
  body.string("unit");
  body.array(8, [&] {
    body.align(8);
    body.string("MemoryMax");
    body.variant("t", [&] { body.uint64(4096); });
  });
  Message message;
  message.serial = 7;
  message.path = "/a";
  message.interface = "a.b";
  message.member = "Do";
  message.destination = "c.d";
  message.signature = "sa(sv)";
  message.body = body.bytes();
  return message;
}

TEST(DbusWire, AMessageComesBackAsItWas) {
  const std::string bytes = format_message(example());
  EXPECT_EQ(MUST(message_size(std::string_view(bytes).substr(0, 16))), bytes.size());
  const Message read = MUST(parse_message(bytes));
  EXPECT_EQ(read.serial, 7u);
  EXPECT_EQ(read.path, "/a");
  EXPECT_EQ(read.member, "Do");
  EXPECT_EQ(read.signature, "sa(sv)");
  Reader body(read.body);
  EXPECT_EQ(MUST(body.string()), "unit");
}

TEST(DbusWire, ValuesStandAtTheirBoundaries) {
  Writer writer;
  writer.byte(1);
  writer.uint32(2);
  writer.uint64(3);
  EXPECT_EQ(writer.bytes(), std::string("\1\0\0\0\2\0\0\0\3\0\0\0\0\0\0\0", 16));
  Writer empty;
  empty.byte(0);
  empty.array(8, [] {});
  EXPECT_EQ(empty.bytes().size(), 8u);
}

TEST(DbusWire, CutAndBentMessagesAreErrors) {
  const std::string whole = format_message(example());
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(parse_message(whole.substr(0, size)).ok());
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string bent = whole;
    bent[at] = '\xff';
    (void)parse_message(bent);  // must end, whatever it says
  }
  std::string huge = whole;
  huge.replace(4, 4, "\xff\xff\xff\x7f");
  EXPECT_EQ(message_size(huge).code(), Code::kDataLoss);
}

}  // namespace
}  // namespace hull::runtime::dbus
