#include "runtime/checkpoint/messages.h"

#include <gtest/gtest.h>

#include "runtime/checkpoint/wire.h"

namespace hull::runtime {
namespace {

TEST(WireReader, ReadsWhatTheWriterWrote) {
  WireWriter out;
  out.number(1, 300);
  out.text(63, "label");
  const std::string message = out.take();
  EXPECT_EQ(message.substr(0, 3), "\x08\xac\x02");
  WireReader reader(message);
  const auto first = MUST(reader.next());
  EXPECT_EQ(first->number, 1U);
  EXPECT_EQ(first->value, 300U);
  const auto second = MUST(reader.next());
  EXPECT_EQ(second->number, 63U);
  EXPECT_EQ(second->text, "label");
  EXPECT_FALSE(MUST(reader.next()).has_value());
}

TEST(WireReader, EveryCutMessageIsAnErrorOrAnEnd) {
  WireWriter out;
  out.number(2, ~uint64_t{0});
  out.text(10, std::string(200, 'x'));
  const std::string whole = out.take();
  size_t refused = 0;
  for (size_t size = 0; size < whole.size(); ++size) {
    WireReader reader(std::string_view(whole).substr(0, size));
    for (;;) {
      const auto field = reader.next();
      refused += !field.ok();
      if (!field.ok() || !field->has_value()) break;
    }
  }
  EXPECT_EQ(refused, whole.size() - 2);  // all but the empty message and the one that ends between the fields
}

TEST(WireReader, EndlessNumbersAndUnknownKindsAreRefused) {
  EXPECT_EQ(WireReader(std::string(12, '\xff')).next().code(), Code::kDataLoss);
  EXPECT_EQ(WireReader("\x0b").next().code(), Code::kDataLoss);
}

TEST(Messages, NegativeNumbersTakeTenBytesAsInProtobuf) {
  CriuOptions options;
  const std::string message = encode_request(CriuType::kDump, options);
  EXPECT_NE(message.find(std::string("\x08") + std::string(9, '\xff') + "\x01"), std::string::npos);
}

TEST(Messages, ModeIgnoreIsSentThoughItIsZero) {
  CriuOptions options;
  options.manage_cgroups_mode = CgroupsMode::kIgnore;
  EXPECT_NE(encode_request(CriuType::kDump, options).find(std::string("\x90\x02\x00", 3)), std::string::npos);
}

TEST(Messages, ReadsANotification) {
  WireWriter notice;
  notice.text(1, "post-restore");
  notice.number(2, 77);
  WireWriter out;
  out.number(1, 6);
  out.number(2, 1);
  out.text(5, notice.take());
  const auto response = MUST(decode_response(out.take()));
  EXPECT_EQ(response.type, CriuType::kNotify);
  EXPECT_TRUE(response.success);
  EXPECT_EQ(response.script, "post-restore");
  EXPECT_EQ(response.pid, 77);
}

TEST(Messages, AVersionOutOfASourceTreeCountsAsTheNext) {
  const auto version = [](std::string_view commit) {
    WireWriter inner;
    inner.number(1, 4);
    inner.number(2, 2);
    if (!commit.empty()) inner.text(3, commit);
    inner.number(4, 1);
    WireWriter out;
    out.number(1, 10);
    out.number(2, 1);
    out.text(10, inner.take());
    return MUST(decode_response(out.take())).version;
  };
  EXPECT_EQ(version(""), 40201);
  EXPECT_EQ(version("abcdef"), 40300);
}

}  // namespace
}  // namespace hull::runtime
