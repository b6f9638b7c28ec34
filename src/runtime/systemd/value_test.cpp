#include "runtime/systemd/value.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace hull::runtime::dbus {
namespace {

using List = std::vector<Value>;

std::string type_of(std::string_view text) {
  const auto value = parse_value(text);
  return value.ok() ? value->type : "";
}

std::string written(std::string_view text) {
  Writer writer;
  write_value(writer, MUST(parse_value(text)));
  return to_hex(writer.bytes());
}

TEST(Value, TypesAreSaidOrInferred) {
  EXPECT_EQ(type_of("1"), "i");
  EXPECT_EQ(type_of("1.5"), "d");
  EXPECT_EQ(type_of("-2e3"), "d");
  EXPECT_EQ(type_of("uint16 1"), "q");
  EXPECT_EQ(type_of("@t 1"), "t");
  EXPECT_EQ(type_of(" true "), "b");
  EXPECT_EQ(type_of("false"), "b");
  EXPECT_EQ(type_of("\"a\""), "s");
  EXPECT_EQ(type_of("objectpath '/a'"), "o");
  EXPECT_EQ(type_of("['a', 'b']"), "as");
  EXPECT_EQ(type_of("[1, uint64 2, 3]"), "at");
  EXPECT_EQ(type_of("[[], [byte 1]]"), "aay");
  EXPECT_EQ(type_of("@as []"), "as");
  EXPECT_EQ(type_of("('a', 1, [true])"), "(siab)");
  EXPECT_EQ(type_of("(1,)"), "(i)");
  EXPECT_EQ(type_of("@a(ss) [('/dev/null', 'r')]"), "a(ss)");
  EXPECT_EQ(type_of("{'k': <1>, 'l': <'x'>}"), "a{sv}");
  EXPECT_EQ(type_of("b'ab'"), "ay");
}

TEST(Value, NumbersFitTheirTypes) {
  EXPECT_EQ(MUST(parse_value("int64 -9223372036854775808")).content, decltype(Value::content)(INT64_MIN));
  EXPECT_EQ(MUST(parse_value("uint64 0xffffffffffffffff")).content, decltype(Value::content)(UINT64_MAX));
  EXPECT_EQ(MUST(parse_value("010")).content, decltype(Value::content)(int64_t{8}));
  EXPECT_EQ(MUST(parse_value("0")).content, decltype(Value::content)(int64_t{0}));
  for (const char* text : {"byte 256", "byte -1", "int16 32768", "2147483648", "uint64 18446744073709551616", "1e999",
                           "uint32 1.5", "08", "0x", "1x", "--1", "+", "."})
    EXPECT_EQ(parse_value(text).code(), Code::kInvalidArgument) << text;
}

TEST(Value, TextsHaveEscapes) {
  const auto text = [](std::string_view input) { return std::get<std::string>(MUST(parse_value(input)).content); };
  EXPECT_EQ(text(R"('a\tb\'c\\d\u00e9\U0001f600\q')"), "a\tb'c\\dé😀q");
  EXPECT_EQ(text("\"é'\""), "é'");
  EXPECT_EQ(MUST(parse_value(R"(b'\101\n')")).content,
            decltype(Value::content)(List{{"y", uint64_t{65}}, {"y", uint64_t{10}}, {"y", uint64_t{0}}}));
}

TEST(Value, WhatTheBusWouldNotTakeIsRefused) {
  for (const char* text : {R"('\u0000')", R"('\ud800')", R"('\u12')", "'\xff'", "'\xc0\x80'", "'\xed\xa0\x80'", "'abc",
                           "'abc\\", "objectpath 'a'", "objectpath '/a/'", "objectpath '/ä'", "signature 'a'",
                           "signature '{ss}'", "signature 'a{vs}'", "@h 1", "@a{sv 1", "@ 1"})
    EXPECT_EQ(parse_value(text).code(), Code::kInvalidArgument) << text;
  EXPECT_EQ(type_of("signature 'a{s(iv)}'"), "g");
  std::string wide = "(1";
  for (int i = 0; i < 300; ++i) wide += ",1";
  EXPECT_EQ(parse_value(wide + ")").code(), Code::kInvalidArgument);
}

TEST(Value, WhatIsNoneIsRefused) {
  for (const char* text : {"",           " ",         "[",         "]",       "[1",
                           "[1,",        "[1 2]",     "[]",        "{}",      "()",
                           "<",          "<1",        "1 2",       "maybe",   "[1, 'a']",
                           "uint64 'a'", "string 1",  "boolean 1", "{'a' 1}", "{'a': 1, 2: 3}",
                           "{[1]: 2}",   "truefalse", "(1, 2",     "nothing"})
    EXPECT_EQ(parse_value(text).code(), Code::kInvalidArgument) << text;
  EXPECT_EQ(parse_value(std::string(100000, '[')).code(), Code::kInvalidArgument);
  EXPECT_EQ(parse_value(std::string(40, '[') + "1" + std::string(40, ']')).code(), Code::kInvalidArgument);
}

TEST(Value, BytesAreAlignedAndLittleEndian) {
  EXPECT_EQ(written("uint16 258"), "0201");
  EXPECT_EQ(written("int16 -2"), "feff");
  EXPECT_EQ(written("true"), "01000000");
  EXPECT_EQ(written("1.0"), "000000000000f03f");
  EXPECT_EQ(written("'ab'"), "02000000616200");
  // A signature of one byte, "t", its end, padding up to 8.
  EXPECT_EQ(written("<uint64 1>"),
            "0174000000000000"
            "0100000000000000");
  // Length without the padding before the first element; each structure at 8.
  EXPECT_EQ(written("[('a', byte 1), ('b', byte 2)]"),
            "0f00000000000000"
            "0100000061000100"
            "01000000620002");
}

}  // namespace
}  // namespace hull::runtime::dbus
