#include "engine/routes/router.h"

#include <gtest/gtest.h>

namespace hull::engine::routes {
namespace {

/// An exchange without a connection.
class FakeExchange final : public http::Exchange {
 public:
  http::Request asked;
  std::string body;
  int status = 0;
  std::string answer;
  std::map<std::string, std::string> headers;

  const http::Request& request() const override { return asked; }
  Result<std::string> read_body(Bytes limit) override {
    if (body.size() > static_cast<size_t>(limit.count)) return Error(Code::kResourceExhausted, "too large");
    return body;
  }
  Result<size_t> read_some(std::span<char>) override { return size_t{0}; }
  void set_header(std::string_view name, std::string_view value) override { headers[std::string(name)] = value; }
  Result<void> send(int code, std::string_view, std::string_view text) override {
    status = code;
    answer = text;
    return {};
  }
  Result<void> begin_stream(int code, std::string_view) override { return send(code, "", ""); }
  Result<void> write(std::string_view data) override {
    answer += data;
    return {};
  }
  Result<void> end_stream() override { return {}; }
  Result<http::Hijacked> hijack(std::string_view) override { return unimplemented("no connection"); }
  void abandon() override { abandoned = true; }
  bool answered() const override { return status != 0 || abandoned; }
  std::stop_token stop_token() const override { return gone.get_token(); }

  std::stop_source gone;  ///< the client closed its connection
  bool abandoned = false;
};

Handler echo(std::string name) {
  return [name](Call& call) -> Result<void> { return call.http().send(200, "", name); };
}
Handler echo_path(const char* parameter) {
  return [parameter](Call& call) -> Result<void> { return call.http().send(200, "", call.path(parameter)); };
}

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() : router("Test/1") {
    router.add(
        {{http::Method::kGet, "/images/{name...}/json", echo_path("name")},
         {http::Method::kGet, "/images/json", echo("list")},
         {http::Method::kDelete, "/images/{name...}", echo_path("name")},
         {http::Method::kGet, "/containers/{id}/json", echo_path("id")},
         {http::Method::kGet, "/new", echo("new"), {1, 44}},
         {http::Method::kPost, "/body",
          [](Call& call) -> Result<void> { return call.reply(201, TRY(call.body<std::vector<int>>())); }},
         {http::Method::kPost, "/conflict", [](Call&) -> Result<void> { return conflict("in \"use\""); }},
         {http::Method::kPost, "/cancelled", [](Call&) -> Result<void> { return cancelled("wait was cancelled"); }},
         {http::Method::kPost, "/same", [](Call&) -> Result<void> { return Error(Code::kNotModified, ""); }}});
  }
  FakeExchange serve(http::Method method, std::string path, std::string body = "", std::string type = "") {
    FakeExchange exchange;
    exchange.asked.method = method;
    exchange.asked.path = std::move(path);
    if (!type.empty()) exchange.asked.headers.emplace("content-type", type);
    exchange.body = std::move(body);
    router.serve(exchange);
    return exchange;
  }
  Router router;
};

TEST_F(RouterTest, PathsFindTheirRoute) {
  EXPECT_EQ(serve(http::Method::kGet, "/images/json").answer, "list");
  EXPECT_EQ(serve(http::Method::kGet, "/v1.41/images/json").answer, "list");
  EXPECT_EQ(serve(http::Method::kGet, "/images/a/json").answer, "a");
  EXPECT_EQ(serve(http::Method::kGet, "/images/host:5000/a/b:c/json").answer, "host:5000/a/b:c");
  EXPECT_EQ(serve(http::Method::kGet, "/images/json/json").answer, "json");
  EXPECT_EQ(serve(http::Method::kDelete, "/v1.24/images/a/b").answer, "a/b");
  EXPECT_EQ(serve(http::Method::kGet, "/containers/x/json").answer, "x");
}

TEST_F(RouterTest, UnknownPathsAreNotFound) {
  const std::pair<http::Method, const char*> table[] = {
      {http::Method::kGet, "/nothing"},          {http::Method::kPost, "/images/json"},
      {http::Method::kGet, "/containers//json"}, {http::Method::kGet, "/containers/a/b/json"},
      {http::Method::kDelete, "/images/"},       {http::Method::kGet, "/v1.41"},
      {http::Method::kGet, "/vx/images/json"},   {http::Method::kGet, "/v1.43/new"},
      {http::Method::kHead, "/images/json"},
  };
  for (const auto& [method, path] : table) {
    const auto exchange = serve(method, path);
    EXPECT_EQ(exchange.status, 404) << path;
    EXPECT_EQ(exchange.answer, "{\"message\":\"page not found\"}\n") << path;
  }
}

TEST_F(RouterTest, VersionsOutOfRangeAreRefusedInDockersWords) {
  EXPECT_EQ(serve(http::Method::kGet, "/v1.23/images/json").answer,
            "{\"message\":\"client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your "
            "client to a newer version\"}\n");
  EXPECT_EQ(serve(http::Method::kGet, "/v1.99/images/json").answer,
            "{\"message\":\"client version 1.99 is too new. Maximum supported API version is 1.51\"}\n");
  for (const char* path : {"/v2.0/new", "/v1/new", "/v1.2.3/new", "/v99999999999.1/new"})
    EXPECT_EQ(serve(http::Method::kGet, path).status, 400) << path;
}

TEST_F(RouterTest, RoutesBeginWithTheirVersion) {
  EXPECT_EQ(serve(http::Method::kGet, "/v1.44/new").status, 200);
  EXPECT_EQ(serve(http::Method::kGet, "/new").status, 200);
}

TEST_F(RouterTest, EveryAnswerHasDockersHeaders) {
  const auto exchange = serve(http::Method::kGet, "/nothing");
  EXPECT_EQ(exchange.headers.at("Api-Version"), "1.51");
  EXPECT_EQ(exchange.headers.at("Ostype"), "linux");
  EXPECT_EQ(exchange.headers.at("Docker-Experimental"), "false");
}

TEST_F(RouterTest, ErrorsBecomeAnswers) {
  EXPECT_EQ(serve(http::Method::kPost, "/conflict").status, 409);
  EXPECT_EQ(serve(http::Method::kPost, "/conflict").answer, "{\"message\":\"in \\\"use\\\"\"}\n");
  EXPECT_EQ(serve(http::Method::kPost, "/same").status, 304);
  EXPECT_EQ(serve(http::Method::kPost, "/same").answer, "");
}

TEST_F(RouterTest, BodiesAreChecked) {
  EXPECT_EQ(serve(http::Method::kPost, "/body", "[1]", "application/json").status, 201);
  EXPECT_EQ(serve(http::Method::kPost, "/body", "[1]", "Application/JSON; charset=utf-8").status, 201);
  EXPECT_EQ(serve(http::Method::kPost, "/body", "[1]", "text/plain").status, 400);
  EXPECT_EQ(serve(http::Method::kPost, "/body", "[1]").status, 400);
  EXPECT_EQ(serve(http::Method::kPost, "/body", "").status, 400);
  EXPECT_EQ(serve(http::Method::kPost, "/body", "[1", "application/json").status, 400);
  EXPECT_EQ(serve(http::Method::kPost, "/body", "[1] [2]", "application/json").status, 400);
  EXPECT_EQ(serve(http::Method::kPost, "/body", "[\"a\"]", "application/json").status, 400);
  EXPECT_EQ(serve(http::Method::kPost, "/body", std::string(17 << 20, ' '), "application/json").status, 413);
}

class CallTest : public ::testing::Test {
 protected:
  Call call_with(std::vector<std::pair<std::string, std::string>> query) {
    exchange.asked.query = std::move(query);
    return Call(exchange, api::kNewestApi, {});
  }
  FakeExchange exchange;
};

TEST_F(CallTest, TruthIsDockers) {
  for (const char* no : {"", "0", "no", "False", " none "}) EXPECT_FALSE(call_with({{"a", no}}).query_bool("a", true));
  for (const char* yes : {"1", "true", "yes", "x"}) EXPECT_TRUE(call_with({{"a", yes}}).query_bool("a"));
  EXPECT_TRUE(call_with({}).query_bool("a", true));
}

TEST_F(CallTest, IntegersNameTheParameter) {
  EXPECT_EQ(MUST(call_with({{"t", "-3"}}).query_integer("t")), -3);
  EXPECT_EQ(MUST(call_with({}).query_integer("t")), std::nullopt);
  const auto bad = call_with({{"t", "3x"}}).query_integer("t");
  EXPECT_EQ(bad.error().message(), "query parameter t: expected an integer, got \"3x\"");
}

TEST_F(CallTest, FiltersComeInBothForms) {
  EXPECT_EQ(MUST(call_with({{"filters", R"({"name":["a","b"]})"}}).filters()).at("name"),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(MUST(call_with({{"filters", R"({"name":{"a":true}})"}}).filters()).at("name"),
            std::vector<std::string>{"a"});
  for (const char* bad : {"x", "[]", R"({"a":1})", R"({"a":[1]})", "{\"a\":"})
    EXPECT_EQ(call_with({{"filters", bad}}).filters().code(), Code::kInvalidArgument) << bad;
}

TEST_F(RouterTest, a_client_that_left_is_sent_nothing) {
  FakeExchange exchange;
  exchange.asked.method = http::Method::kPost;
  exchange.asked.path = "/cancelled";
  exchange.gone.request_stop();
  router.serve(exchange);
  EXPECT_TRUE(exchange.abandoned);
  EXPECT_EQ(exchange.status, 0);
}

TEST_F(RouterTest, a_cancelled_request_of_a_client_that_is_there_gets_its_answer) {
  EXPECT_EQ(serve(http::Method::kPost, "/cancelled").status, 499);
}

}  // namespace
}  // namespace hull::engine::routes
