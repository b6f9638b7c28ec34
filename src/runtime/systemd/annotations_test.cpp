#include "runtime/systemd/annotations.h"

#include <gtest/gtest.h>

namespace hull::runtime::systemd {
namespace {

const std::string kPrefix = "org.systemd.property.";

Property one(const std::string& name, const std::string& text) {
  return MUST(annotated_properties({{kPrefix + name, text}, {"com.example.else", "x"}})).at(0);
}

std::string refusal(const std::string& name, const std::string& text) {
  const auto read = annotated_properties({{kPrefix + name, text}});
  return read.ok() ? "" : read.error().message();
}

TEST(Annotations, ValuesHaveTheirTypes) {
  EXPECT_EQ(one("CollectMode", "'inactive-or-failed'"),
            (Property{"CollectMode", dbus::Value{"s", std::string("inactive-or-failed")}}));
  EXPECT_EQ(one("TimeoutStopUSec", "uint64 10000000"),
            (Property{"TimeoutStopUSec", dbus::Value{"t", uint64_t{10000000}}}));
}

TEST(Annotations, SecondsBecomeMicroseconds) {
  const Property expected = {"TimeoutStopUSec", uint64_t{30000000}};
  for (const char* text : {"30", "uint64 30", "byte 30", "int64 30", "double 30", "30.0"})
    EXPECT_EQ(one("TimeoutStopSec", text), expected) << text;
  EXPECT_EQ(one("CPUQuotaPerSec", "7"), (Property{"CPUQuotaPerUSec", uint64_t{7000000}}));
}

TEST(Annotations, BadOnesAreRefusedInRuncsWords) {
  EXPECT_EQ(refusal("Ab", "1"), "annotation org.systemd.property.Ab name incorrect: too short");
  EXPECT_EQ(refusal("Task-Max", "1"),
            "annotation org.systemd.property.Task-Max name incorrect: contains non-alphabetic character");
  EXPECT_EQ(
      refusal("TasksMax", "uint64 x").find("annotation org.systemd.property.TasksMax=uint64 x value parse error: "),
      0U);
  EXPECT_EQ(refusal("TimeoutStopSec", "'covfefe'"),
            "annotation org.systemd.property.TimeoutStopSec='covfefe' value parse error: not a number");
  EXPECT_NE(refusal("TimeoutStopSec", "-1"), "");
  EXPECT_NE(refusal("TimeoutStopSec", "uint64 18446744073709551615"), "");
}

}  // namespace
}  // namespace hull::runtime::systemd
