#include "engine/logs/json_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <limits>
#include <thread>

#include "base/files.h"
#include "base/ids.h"
#include "base/sys.h"
#include "engine/logs/reader.h"
#include "engine/logs/rotated_files.h"

namespace hull::engine::logs {
namespace {

class Collected final : public Consumer {
 public:
  Result<void> take(const Entry& entry) override {
    text += entry.text;
    ++count;
    streams += entry.stream == Stream::kStdout ? 'o' : 'e';
    times.push_back(parse_rfc3339(entry.time).value_or(std::nullopt));
    return {};
  }
  Result<void> flush() override { return {}; }
  std::string text;
  std::string streams;
  int count = 0;
  std::vector<std::optional<Timestamp>> times;
};

class JsonFileTest : public ::testing::Test {
 protected:
  JsonFileTest() { MUST(make_directories(directory_, 0700)); }
  ~JsonFileTest() override { (void)remove_tree(directory_).ok(); }
  std::unique_ptr<JsonFile> open(const Options& options = {}) { return MUST(JsonFile::open(path_, options, "")); }
  Collected read(const ReadOptions& options = {}) {
    Collected got;
    EXPECT_TRUE(read_log(path_, options, nullptr, {}, got).ok());
    return got;
  }
  const std::string directory_ = "/tmp/containers-logs-" + random_hex(12);
  const std::string path_ = directory_ + "/c-json.log";
};

TEST_F(JsonFileTest, WhatACrashTookApartDoesNotTakeTheNextEntryAlong) {
  open()->write(Stream::kStdout, "one\n");
  const std::string whole = MUST(read_file(path_));
  for (const size_t torn : {size_t{1}, whole.size() - 1, size_t{3}}) {
    MUST(replace_file(path_, whole + std::string(torn == 3 ? 10000 : torn, 'x'), 0640, Durable::kNo));
    open()->write(Stream::kStdout, "two\n");
    EXPECT_EQ(read().text, "one\ntwo\n");
    EXPECT_EQ(MUST(read_file(path_)).find('x'), std::string::npos);
  }
  MUST(replace_file(path_, "{\"log\":\"torn", 0640, Durable::kNo));
  open()->write(Stream::kStdout, "first\n");
  EXPECT_EQ(read().text, "first\n");
}

TEST_F(JsonFileTest, ARotationThatFailsPushesOutNoOlderPart) {
  Options options;
  options.max_size = Bytes(100);
  options.max_files = 3;
  options.compress = false;
  const auto log = open(options);
  for (const char* line : {"1\n", "2\n", "3\n"}) log->write(Stream::kStdout, std::string(60, 'x') + line);
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const struct rlimit none { 0, before.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  for (int i = 0; i < 5; ++i) log->write(Stream::kStdout, std::string(60, 'y') + "\n");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  log->write(Stream::kStdout, "last\n");
  const std::string text = read().text;
  EXPECT_NE(text.find("x2\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("y\nlast\n")) << text;
}

TEST(AppendEntry, EscapesAsDockerDoes) {
  std::string out;
  append_entry(out, Stream::kStderr, "a\t\"<b>&\\\x1b\xff\xe2\x80\xa8\xc3\xa9\r", LineEnd::kYes, "T", "");
  EXPECT_EQ(out,
            "{\"log\":\"a\\u0009\\\"\\u003cb\\u003e\\u0026\\\\\\u001b\\ufffd\\u2028\xc3\xa9\\r\\n\","
            "\"stream\":\"stderr\",\"time\":\"T\"}\n");
}

TEST(AppendEntry, AndDecodingGivesTheTextBack) {
  std::string out, scratch;
  const std::string text = "plain text that is longer than a block \"\\ \x01 \xf0\x9f\x98\x80 <>";
  append_entry(out, Stream::kStdout, text, LineEnd::kYes, "T", R"({"a":"}\""})");
  const auto entry = decode_entry(std::string_view(out).substr(0, out.size() - 1), scratch);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->text, text + "\n");
  EXPECT_EQ(entry->attributes, R"({"a":"}\""})");
  EXPECT_EQ(entry->time, "T");
}

TEST(EntryClock, GrowsAndDropsTrailingZeros) {
  EntryClock clock;
  clock.advance(Timestamp(std::chrono::nanoseconds(1'700'000'000'099'999'998)));
  EXPECT_EQ(clock.next(), "2023-11-14T22:13:20.099999999Z");
  EXPECT_EQ(clock.next(), "2023-11-14T22:13:20.1Z");
  EXPECT_EQ(clock.next(), "2023-11-14T22:13:20.100000001Z");
  clock.advance(Timestamp(std::chrono::nanoseconds(1'700'000'000'999'999'999)));
  EXPECT_EQ(clock.next(), "2023-11-14T22:13:21Z");
  EXPECT_EQ(clock.next(), "2023-11-14T22:13:21.000000001Z");
}

TEST_F(JsonFileTest, KeepsLinesTogetherAcrossWrites) {
  auto log = open();
  log->write(Stream::kStdout, "hel");
  log->write(Stream::kStderr, "err\n");
  log->write(Stream::kStdout, "lo\nrest");
  log->finish(Stream::kStdout);
  const auto got = read();
  EXPECT_EQ(got.text, "err\nhello\nrest");
  EXPECT_EQ(got.streams, "eoo");
}

TEST_F(JsonFileTest, SplitsLongLines) {
  auto log = open();
  log->write(Stream::kStdout,
             std::string(JsonFile::kMaxLine, 'a') + "\n" + std::string(JsonFile::kMaxLine + 5, 'b') + "\n");
  const auto got = read();
  EXPECT_EQ(got.count, 4);
  EXPECT_EQ(got.text.size(), 2 * JsonFile::kMaxLine + 7);
}

TEST_F(JsonFileTest, TailAndSinceAndStreamsSelect) {
  auto log = open();
  for (int i = 0; i < 10; ++i) log->write(i % 2 ? Stream::kStderr : Stream::kStdout, std::to_string(i) + "\n");
  EXPECT_EQ(read({.tail = 3}).text, "7\n8\n9\n");
  EXPECT_EQ(read({.tail = 0}).text, "");
  EXPECT_EQ(read({.tail = 100}).count, 10);
  EXPECT_EQ(read({.err = false}).text, "0\n2\n4\n6\n8\n");
  const auto times = read().times;
  EXPECT_EQ(read({.since = times[8]}).text, "8\n9\n");
  EXPECT_EQ(read({.until = times[1]}).text, "0\n1\n");
}

TEST_F(JsonFileTest, RotatesAndReadsAllPartsBack) {
  Options options;
  options.max_size = 4_KiB;
  options.max_files = 4;
  auto log = open(options);
  std::string expected;
  for (int i = 0; i < 120; ++i) {
    const std::string line = "line number " + std::to_string(i) + std::string(40, 'x') + "\n";
    log->write(Stream::kStdout, line);
    expected += line;
  }
  EXPECT_GT(RotatedFiles::list(path_).size(), 1u);
  EXPECT_EQ(read().text, expected);
  const auto tail = read({.tail = 100});
  EXPECT_EQ(tail.count, 100);
  EXPECT_TRUE(expected.ends_with(tail.text));
}

TEST_F(JsonFileTest, FollowSeesWhatIsWrittenAcrossRotations) {
  Options options;
  options.max_size = 8_KiB;
  options.max_files = 3;
  auto log = open(options);
  log->write(Stream::kStdout, "first\n");
  Collected got;
  std::thread reader([&, progress = log->progress()] { EXPECT_TRUE(read_log(path_, {}, progress, {}, got).ok()); });
  std::string expected = "first\n";
  for (int i = 0; i < 60; ++i) {
    const std::string line = "more " + std::to_string(i) + std::string(100, 'y') + "\n";
    log->write(Stream::kStdout, line);
    expected += line;
  }
  log.reset();
  reader.join();
  EXPECT_EQ(got.text, expected);
}

TEST_F(JsonFileTest, TakingTheCurrentFileAwayCostsNoOlderPart) {
  Options options;
  options.max_size = Bytes(100);
  options.max_files = 3;
  options.compress = false;
  const auto log = open(options);
  for (const char* line : {"1\n", "2\n", "3\n"}) log->write(Stream::kStdout, std::string(60, 'x') + line);
  MUST(sys::unlink(path_));
  log->write(Stream::kStdout, "last\n");
  const std::string text = read().text;
  EXPECT_TRUE(text.starts_with(std::string(60, 'x') + "1\n")) << text;
  EXPECT_TRUE(text.ends_with("2\nlast\n")) << text;
}

TEST_F(JsonFileTest, AFollowerOfAFileThatWasTakenAwayEndsWithTheLog) {
  Options options;
  options.max_size = Bytes(100);
  options.max_files = 3;
  options.compress = false;
  auto log = open(options);
  for (const char* line : {"1\n", "2\n"}) log->write(Stream::kStdout, std::string(60, 'x') + line);
  Collected got;
  std::thread follower([&, progress = log->progress()] { EXPECT_TRUE(read_log(path_, {}, progress, {}, got).ok()); });
  MUST(sys::unlink(path_));
  log.reset();
  follower.join();
  EXPECT_TRUE(got.text.starts_with(std::string(60, 'x') + "1\n")) << got.text;
}

TEST_F(JsonFileTest, AsManyPartsAsThereAreNumbers) {
  Options options;
  options.max_size = Bytes(100);
  options.max_files = std::numeric_limits<int>::max();
  options.compress = false;
  const auto log = open(options);
  for (int i = 0; i < 5; ++i) log->write(Stream::kStdout, std::string(60, 'x') + std::to_string(i) + "\n");
  EXPECT_EQ(read().count, 5);
}

TEST_F(JsonFileTest, FollowEndsInPeaceWhereTheLogIsRemoved) {
  auto log = open();
  log->write(Stream::kStdout, "first\n");
  Collected got;
  std::thread reader([&, progress = log->progress()] { EXPECT_TRUE(read_log(path_, {}, progress, {}, got).ok()); });
  MUST(remove_tree(directory_));
  log->write(Stream::kStdout, "last\n");
  log.reset();  // the container has ended before its log goes
  reader.join();
  // How much it saw depends on when the files went.
  EXPECT_TRUE(std::string_view("first\nlast\n").starts_with(got.text)) << got.text;
}

TEST_F(JsonFileTest, ASnapshotIsWhatTheLogWas) {
  Options options;
  options.max_size = 1_KiB;
  options.max_files = 3;
  auto log = open(options);
  std::string expected;
  for (int i = 0; i < 20; ++i) {
    log->write(Stream::kStdout, "line " + std::to_string(i) + "\n");
    expected += "line " + std::to_string(i) + "\n";
  }
  const auto snapshot = MUST(LogSnapshot::take(path_));
  for (int i = 0; i < 200; ++i) log->write(Stream::kStdout, "later\n");
  Collected got;
  MUST(snapshot.read({}, got));
  EXPECT_EQ(got.text, expected);
}

TEST_F(JsonFileTest, AMissingLogIsEmpty) { EXPECT_EQ(read().count, 0); }

TEST(ParseOptions, RefusesWhatItDoesNotKnow) {
  EXPECT_TRUE(parse_options({"json-file", api::StringMap{{"max-size", "10m"}, {"max-file", "2"}}}).ok());
  EXPECT_EQ(parse_options({"json-file", api::StringMap{{"max-size", "10m"}}})->max_size, 10_MiB);
  EXPECT_EQ(parse_options({"gelf", std::nullopt}).error().message(),
            "logger: no log driver named 'gelf' is registered");
  EXPECT_TRUE(parse_options({"json-file", api::StringMap{{"max-file", "0"}}}).is(Code::kInvalidArgument));
  EXPECT_TRUE(parse_options({"json-file", api::StringMap{{"colour", "red"}}}).is(Code::kInvalidArgument));
  EXPECT_TRUE(parse_options({"json-file", api::StringMap{{"max-size", "lots"}}}).is(Code::kInvalidArgument));
}

TEST(ParseSize, TakesWhatDockerTakes) {
  EXPECT_EQ(MUST(parse_size("10m")), 10_MiB);
  EXPECT_EQ(MUST(parse_size("1.5k")), Bytes(1536));
  EXPECT_EQ(MUST(parse_size("2KiB")), 2_KiB);
  EXPECT_EQ(MUST(parse_size("7")), Bytes(7));
  for (const auto* text : {"", "m", "1x", "-2", "1e3", "0x10", "nan", "inf", "9999999999999t", "1..5"})
    EXPECT_EQ(parse_size(text).error().message(), "invalid size: '" + std::string(text) + "'");
}

TEST(DecodeEntry, PassesOverDamage) {
  std::string scratch;
  for (const auto* line : {"", "{", R"({"log":"a)", R"({"log":"a\q","stream":"stdout","time":"t"})",
                           R"({"log":"a","stream":"x","time":"t"})", R"({"log":"a","stream":"stdout","time":"t)"})
    EXPECT_FALSE(decode_entry(line, scratch)) << line;
}

Options options_with(api::StringMap given) { return MUST(parse_options({"json-file", std::move(given)})); }

TEST(LogOptions, AttributesByNameExpressionAndTag) {
  const Source source{.id = "0123456789abcdef",
                      .name = "web",
                      .image_name = "busybox",
                      .image_id = "sha256:fedcba9876543210",
                      .command = "sleep 1",
                      .labels = {{"com.a", "1"}, {"com.b", "2"}, {"other", "3"}},
                      .env = {"PATH=/bin", "APP_A=x", "APP_B=y=z"}};
  EXPECT_EQ(attributes_of(options_with({}), source), "");
  EXPECT_EQ(attributes_of(options_with({{"labels", "other"}, {"env", "PATH, none"}}), source),
            R"({"PATH":"/bin","other":"3"})");
  EXPECT_EQ(attributes_of(options_with({{"labels-regex", "^com"}, {"env-regex", "^APP_(B|C)$"}}), source),
            R"({"APP_B":"y=z","com.a":"1","com.b":"2"})");
  EXPECT_EQ(attributes_of(options_with({{"tag", "{{.ImageName}}/{{ .Name }}/{{.ID}}:{{.ImageID}}"}}), source),
            R"({"tag":"busybox/web/0123456789ab:fedcba987654"})");
}

TEST(LogOptions, WrongAttributesAreRefused) {
  for (const auto& [name, value] : {std::pair("tag", "{{.Nonsense}}"),
                                    {"tag", "{{.Name"},
                                    {"tag", "{{if .Name}}x{{end}}"},
                                    {"labels-regex", "("},
                                    {"env-regex", "[z-a]"}}) {
    const auto parsed = parse_options({"json-file", api::StringMap{{name, value}}});
    EXPECT_TRUE(parsed.is(Code::kInvalidArgument)) << name << value;
  }
}

TEST(LogOptions, TheLocalDriverTakesSizesOnly) {
  EXPECT_EQ(MUST(parse_options({"local", std::nullopt})).kind, Kind::kLocal);
  EXPECT_EQ(MUST(parse_options({"local", api::StringMap{{"max-size", "1m"}}})).max_size, 1_MiB);
  EXPECT_EQ(parse_options({"local", api::StringMap{{"labels", "a"}}}).error().message(),
            "unknown log opt 'labels' for log-driver local");
}

}  // namespace
}  // namespace hull::engine::logs
