#include "network/dns/message.h"

#include <gtest/gtest.h>

#include "network/dns/test_queries.h"

namespace hull::network::dns {
namespace {

Address ip(const std::string& text) { return MUST(Address::parse(text)); }

TEST(Query, ItsNameHasNoCaseAndNoFinalDot) {
  const Query query = MUST(parse_query(query_for("Web.Example", 1)));
  EXPECT_EQ(query.name, "web.example");
  EXPECT_TRUE(query.is(Type::kA));
  EXPECT_EQ(query.udp_limit, kPlainUdpSize);
}

TEST(Query, ADotWithinALabelIsNoDotBetweenTwo) {
  std::string wire = query_for("aXb", 1);
  wire[kHeaderSize + 2] = '.';
  EXPECT_NE(MUST(parse_query(wire)).name, "a.b");
}

TEST(Query, WhatIsNoneIsRefused) {
  const std::string good = query_for("web", 1);
  for (size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(parse_query(good.substr(0, size)).ok()) << size;
  std::string answer = good;
  answer[2] = static_cast<char>(0x81);
  EXPECT_FALSE(parse_query(answer).ok());
  EXPECT_EQ(answer_unparsed(answer, Status::kFormat), std::nullopt) << "two resolvers would answer each other for ever";
  std::string update = good;
  update[2] = 0x28;
  EXPECT_TRUE(parse_query(update).is(Code::kUnimplemented));
  std::string loop = good;
  loop[kHeaderSize] = static_cast<char>(0xc0);  // a name that points at itself
  loop[kHeaderSize + 1] = static_cast<char>(kHeaderSize);
  EXPECT_FALSE(parse_query(loop).ok());
}

TEST(Answer, HasTheQuestionAsItWasWritten) {
  const std::string wire = query_for("WeB", 1);
  const std::string answer = answer_addresses(MUST(parse_query(wire)), {ip("10.0.0.7")});
  EXPECT_TRUE(answers(answer, wire));
  EXPECT_EQ(answer.substr(kHeaderSize, 5), std::string("\3WeB\0", 5));
  EXPECT_EQ(addresses_in(answer), std::vector<Address>{ip("10.0.0.7")});
  EXPECT_EQ(status_of(answer), Status::kOk);
}

TEST(Answer, FitsWhatTheClientTakes) {
  const Query query = MUST(parse_query(query_for("many", 1)));
  std::vector<Address> addresses;
  for (unsigned i = 0; i < 100; ++i) addresses.push_back({Family::kIpv4, (Number{10} << 24) + i});
  const std::string answer = answer_addresses(query, addresses);
  EXPECT_LE(answer.size(), kPlainUdpSize);
  EXPECT_TRUE(is_truncated(answer));
  EXPECT_FALSE(addresses_in(answer).empty());
}

TEST(Answer, OfAnotherQuestionIsNone) {
  const std::string query = query_for("web", 1);
  const std::string answer = answer_addresses(MUST(parse_query(query)), {ip("10.0.0.7")});
  EXPECT_FALSE(answers(answer, query_for("db", 1)));
  EXPECT_FALSE(answers(answer, query_for("web", 28)));
  std::string other = answer;
  set_id(other, static_cast<uint16_t>(id_of(query) + 1));
  EXPECT_FALSE(answers(other, query));
  EXPECT_FALSE(answers(query, query)) << "a query sent back is no answer";
  EXPECT_FALSE(answers("", query));
}

TEST(ReverseAddress, OfBothFamilies) {
  EXPECT_EQ(reverse_address("7.0.0.10.in-addr.arpa"), ip("10.0.0.7"));
  EXPECT_EQ(reverse_address("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa"), ip("fd00::1"));
  for (const char* bad : {"", "in-addr.arpa", ".in-addr.arpa", "0.0.10.in-addr.arpa", "x.0.0.10.in-addr.arpa",
                          "300.0.0.10.in-addr.arpa", "1.d.f.ip6.arpa"})
    EXPECT_EQ(reverse_address(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace hull::network::dns
