#include "api/client/engine_client.h"

#include <gtest/gtest.h>

#include "api/client/engine_host.h"
#include "base/files.h"
#include "ipc/http/server.h"

namespace hull::api {
namespace {

TEST(EngineHost, IsParsed) {
  EXPECT_EQ(MUST(parse_engine_host("unix:///run/x.sock", Tls::kNo)).path, "/run/x.sock");
  const auto tcp = MUST(parse_engine_host("tcp://[::1]:99/base", Tls::kNo));
  EXPECT_EQ(tcp.name, "::1");
  EXPECT_EQ(tcp.port, 99);
  EXPECT_EQ(tcp.path, "/base");
  EXPECT_EQ(MUST(parse_engine_host("tcp://h", Tls::kNo)).port, 2375);
  EXPECT_EQ(MUST(parse_engine_host("tcp://h", Tls::kYes)).port, 2376);
  for (const char* bad : {"", "x", "unix://", "tcp://h:0", "tcp://h:99999", "tcp://h:1x", "tcp://[::1"})
    EXPECT_EQ(parse_engine_host(bad, Tls::kNo).code(), Code::kInvalidArgument) << bad;
  const auto ssh = MUST(parse_engine_host("ssh://me@h:22/run/x.sock", Tls::kNo));
  EXPECT_EQ(ssh.user + " " + ssh.name + " " + std::to_string(ssh.port) + " " + ssh.path, "me h 22 /run/x.sock");
  for (const char* bad :
       {"ssh://", "ssh://me:secret@h", "ssh://me@", "ssh://-oProxyCommand=x", "ssh://-x@h", "ssh://h:0"})
    EXPECT_EQ(parse_engine_host(bad, Tls::kNo).code(), Code::kInvalidArgument) << bad;
  EXPECT_EQ(parse_engine_host("gopher://h", Tls::kNo).code(), Code::kUnimplemented);
}

TEST(Query, EncodesValues) {
  Query query;
  query.add("a b", "c&d=é").add_flag("f", true).add_flag("g", false).add_unless_empty("h", "");
  EXPECT_EQ(query.text(), "?a%20b=c%26d%3D%C3%A9&f=1");
}

class EngineClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/hull-client-test-XXXXXX";
    folder_ = ::mkdtemp(name);
    server_ = MUST(http::Server::create([this](http::Exchange& exchange) { handle(exchange); }));
    for (auto& listener : MUST(http::open_listeners("unix://" + folder_ + "/s", {.group = ""})))
      MUST(server_->listen(std::move(listener)));
  }
  void TearDown() override {
    server_.reset();
    (void)remove_tree(folder_);
  }
  void handle(http::Exchange& exchange) {
    const std::string& path = exchange.request().path;
    if (path == "/_ping") {
      if (!version_.empty()) exchange.set_header("Api-Version", version_);
      (void)exchange.send(200, "text/plain", "OK");
    } else if (path.ends_with("/gone")) {
      (void)exchange.send(404, "application/json", R"({"message":"No such container: gone"})");
    } else if (path.ends_with("/plain")) {
      (void)exchange.send(500, "text/plain", "oops\n");
    } else if (path.ends_with("/same")) {
      (void)exchange.send(304, "", "");
    } else {
      (void)exchange.send(200, "application/json", "\"" + path + "\"");
    }
  }
  std::unique_ptr<EngineClient> connect(std::optional<std::string> version = {}) {
    return MUST(EngineClient::create({.host = "unix://" + folder_ + "/s", .tls = {}, .api_version = version}));
  }
  std::string folder_;
  std::string version_ = "1.41";
  std::unique_ptr<http::Server> server_;
};

TEST_F(EngineClientTest, TheLowerVersionIsSpoken) {
  EXPECT_EQ(MUST(connect()->get<std::string>("/info")), "/v1.41/info");
  version_ = "1.99";
  EXPECT_EQ(MUST(connect()->get<std::string>("/info")), "/v1.51/info");
  version_ = "";
  EXPECT_EQ(MUST(connect()->get<std::string>("/info")), "/v1.24/info");
  EXPECT_EQ(MUST(connect("1.30")->get<std::string>("/info")), "/v1.30/info");
  version_ = "1.12";
  EXPECT_EQ(connect()->get<std::string>("/info").code(), Code::kFailedPrecondition);
}

TEST_F(EngineClientTest, ErrorsCarryTheEnginesWords) {
  const auto client = connect();
  const auto gone = client->request(http::Method::kGet, "/gone");
  EXPECT_EQ(gone.code(), Code::kNotFound);
  EXPECT_EQ(gone.error().message(), "No such container: gone");
  EXPECT_EQ(client->request(http::Method::kGet, "/plain").error().message(), "oops");
  EXPECT_EQ(client->request(http::Method::kPost, "/same").code(), Code::kNotModified);
}

TEST_F(EngineClientTest, NobodyThereIsSaidInDockersWords) {
  server_.reset();
  const auto none = connect()->request(http::Method::kGet, "/info");
  EXPECT_EQ(none.code(), Code::kUnavailable);
  EXPECT_TRUE(none.error().message().starts_with("Cannot connect to the Docker daemon at unix://"));
}

TEST_F(EngineClientTest, PathsCannotSmuggleHeaders) {
  EXPECT_EQ(connect()->request(http::Method::kGet, "/a\r\nX: y").code(), Code::kInvalidArgument);
  EXPECT_EQ(connect()->request(http::Method::kGet, "/a b").code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace hull::api
