#include "runtime/merge_resources.h"

#include <gtest/gtest.h>

#include "spec/runtime/spec.h"

namespace hull::runtime {
namespace {

std::string merged(const char* standing, const char* wanted) {
  return spec::format_resources(
      merge_resources(MUST(spec::parse_resources(standing)), MUST(spec::parse_resources(wanted))));
}

std::string written(const char* text) { return spec::format_resources(MUST(spec::parse_resources(text))); }

TEST(MergeResources, WhatIsNotSaidStays) {
  EXPECT_EQ(merged(R"({"cpu":{"quota":4,"cpus":"0"},"pids":{"limit":7}})", R"({"cpu":{"period":8}})"),
            written(R"({"cpu":{"quota":4,"period":8,"cpus":"0"},"pids":{"limit":7}})"));
  EXPECT_EQ(merged(R"({"cpu":{"quota":4,"shares":2}})", R"({"cpu":{"quota":0,"shares":0},"pids":{"limit":0}})"),
            written(R"({"cpu":{"quota":4,"shares":2}})"));
  EXPECT_EQ(merged(R"({"unified":{"a.b":"1","c.d":"2"}})", R"({"unified":{"c.d":"3"}})"),
            written(R"({"unified":{"a.b":"1","c.d":"3"}})"));
}

TEST(MergeResources, MemoryWithoutLimitHasNoneOnSwapEither) {
  EXPECT_EQ(merged(R"({"memory":{"limit":4,"swap":8}})", R"({"memory":{"limit":2}})"),
            written(R"({"memory":{"limit":2,"swap":8}})"));
  EXPECT_EQ(merged(R"({"memory":{"limit":4,"swap":8}})", R"({"memory":{"limit":-1}})"),
            written(R"({"memory":{"limit":-1,"swap":-1}})"));
}

TEST(MergeResources, ACheckIsOfOneUpdate) {
  EXPECT_EQ(merged(R"({"memory":{"limit":4,"checkBeforeUpdate":true}})", R"({"cpu":{"shares":2}})"),
            written(R"({"memory":{"limit":4},"cpu":{"shares":2}})"));
}

}  // namespace
}  // namespace hull::runtime
