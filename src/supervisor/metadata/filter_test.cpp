#include "supervisor/metadata/filter.h"

#include <gtest/gtest.h>

#include "supervisor/metadata/records.h"

namespace hull::supervisor {
namespace {

const Labels kLabels = {{"plain", "v"}, {"a.b/c", "x,y"}, {"empty-ish", "0"}};

std::optional<std::string> field(std::span<const std::string> path) {
  if (path[0] == "name") return "docker.io/library/debian:12";
  if (path[0] == "labels") return label_of(kLabels, path.subspan(1));
  return std::nullopt;
}

bool matches(const std::string& text) { return MUST(Filter::parse(text)).matches(field); }

TEST(Filter, ComparesAndMatches) {
  EXPECT_TRUE(matches(""));
  EXPECT_TRUE(matches("name==docker.io/library/debian:12"));
  EXPECT_TRUE(matches("name!=other"));
  EXPECT_FALSE(matches("name==other"));
  EXPECT_TRUE(matches("name~=^docker.io/.*:1[0-9]$"));
  EXPECT_TRUE(matches("name~=/debian:\\d+$/"));
  EXPECT_TRUE(matches("labels.plain"));
  EXPECT_FALSE(matches("labels.missing"));
  EXPECT_TRUE(matches("labels.missing!=x"));
  EXPECT_TRUE(matches("labels.\"a.b/c\"==\"x,y\""));
  EXPECT_TRUE(matches("name~=debian,labels.plain==v"));
  EXPECT_FALSE(matches("name~=debian,labels.plain==w"));
  EXPECT_TRUE(matches("labels.\"\\x70lain\"==v"));
}

TEST(Filter, AnyOfSeveralIsEnough) {
  const std::string texts[] = {"name==x", "labels.plain==v"};
  EXPECT_TRUE(MUST(Filters::parse(texts)).matches(field));
  EXPECT_TRUE(MUST(Filters::parse({})).matches(field));
  EXPECT_FALSE(MUST(Filters::parse(std::span(texts).first(1))).matches(field));
}

TEST(Filter, NamesThePlaceOfAnError) {
  for (const char* text : {"name=", "name==", "name===x", "==x", "name,", ",", "name==\"x", "name~=(", "name x",
                           "name==\"\\q\"", "name.", ".", "name==\"\\xzz\""})
    EXPECT_TRUE(Filter::parse(text).is(Code::kInvalidArgument)) << text;
  EXPECT_NE(Filter::parse("name=x").error().message().find("unsupported operator"), std::string::npos);
  EXPECT_TRUE(Filter::parse(std::string(9000, 'a')).is(Code::kInvalidArgument));
}

TEST(Identifier, FollowsContainerd) {
  for (const char* text : {"a", "default", "a.b-c_d", "A1"}) EXPECT_TRUE(validate_identifier(text).ok()) << text;
  for (const char* text : {"", "-a", "a-", "a..b", "a/b", "..", "a b", "ä"})
    EXPECT_TRUE(validate_identifier(text).is(Code::kInvalidArgument)) << text;
  EXPECT_TRUE(validate_identifier(std::string(77, 'a')).is(Code::kInvalidArgument));
}

TEST(Filters, PatternsAreBounded) {
  EXPECT_TRUE(Filters::parse(std::vector<std::string>(4096, "a~=b")).ok());
  EXPECT_TRUE(Filters::parse(std::vector<std::string>(4097, "a~=b")).is(Code::kInvalidArgument));
}

}  // namespace
}  // namespace hull::supervisor
