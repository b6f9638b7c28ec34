#include "network/dns/cache.h"

#include <gtest/gtest.h>

#include "network/dns/test_queries.h"

namespace hull::network::dns {
namespace {

using std::chrono::seconds;

const Cache::Clock::time_point kStart{};
constexpr char kZone[] = "example. 3600 IN SOA ns. root. 1 2 3 4 30";

struct Asked {
  explicit Asked(const std::string& name, uint16_t id = 1)
      : wire(query_for(name, 1, id)), query(MUST(parse_query(wire))) {}
  std::string wire;
  Query query;
};

TEST(Cache, AnswersUntilTheFirstRecordExpires) {
  Cache cache(8);
  const Asked first("www.example", 1);
  cache.put(first.query,
            answer_with(first.wire, Status::kOk, {"www.example. 20 IN A 10.0.0.1", "www.example. 60 IN A 10.0.0.2"}),
            kStart);
  const Asked later("www.example", 2);
  const auto answer = cache.find(later.query, kStart + seconds(15));
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answers(*answer, later.wire)) << "it has the later query's id";
  EXPECT_EQ(records_in(*answer),
            (std::vector<std::string>{"www.example.\t5\tIN\tA\t10.0.0.1", "www.example.\t45\tIN\tA\t10.0.0.2"}));
  EXPECT_EQ(records_in(*cache.find(later.query, kStart + seconds(19))).front(), "www.example.\t1\tIN\tA\t10.0.0.1");
  EXPECT_EQ(cache.find(later.query, kStart + seconds(20)), std::nullopt);
  EXPECT_EQ(cache.size(), 0u);
}

TEST(Cache, NoSuchNameIsKeptAsLongAsTheZoneSays) {
  Cache cache(8);
  const Asked asked("none.example");
  cache.put(asked.query, answer_with(asked.wire, Status::kNoSuchName, {}), kStart);
  EXPECT_EQ(cache.size(), 0u) << "no zone says how long";
  cache.put(asked.query, answer_with(asked.wire, Status::kNoSuchName, {}, {kZone}), kStart);
  EXPECT_EQ(status_of(cache.find(asked.query, kStart + seconds(29)).value()), Status::kNoSuchName);
  EXPECT_EQ(cache.find(asked.query, kStart + seconds(30)), std::nullopt);
}

TEST(Cache, WhatMustNotBeKeptIsNot) {
  Cache cache(8);
  const Asked asked("www.example");
  cache.put(asked.query, answer_with(asked.wire, Status::kServerFailure, {}), kStart);
  cache.put(asked.query, answer_with(asked.wire, Status::kOk, {"www.example. 0 IN A 10.0.0.1"}), kStart);
  std::string truncated = answer_with(asked.wire, Status::kOk, {"www.example. 60 IN A 10.0.0.1"});
  truncated[2] = static_cast<char>(truncated[2] | 0x02);
  cache.put(asked.query, truncated, kStart);
  cache.put(asked.query, truncated.substr(0, 20), kStart);
  EXPECT_EQ(cache.size(), 0u);
}

TEST(Cache, TheLeastRecentlyUsedMakesRoom) {
  Cache cache(2);
  const Asked a("a.example"), b("b.example"), c("c.example");
  const auto put = [&](const Asked& asked) {
    cache.put(asked.query, answer_with(asked.wire, Status::kOk, {asked.query.name + ". 60 IN A 10.0.0.1"}), kStart);
  };
  put(a), put(b);
  EXPECT_TRUE(cache.find(a.query, kStart));
  put(c);
  EXPECT_TRUE(cache.find(a.query, kStart));
  EXPECT_FALSE(cache.find(b.query, kStart));
  EXPECT_EQ(cache.size(), 2u);
}

}  // namespace
}  // namespace hull::network::dns
