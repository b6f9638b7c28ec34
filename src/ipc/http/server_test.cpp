#include "ipc/http/server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <future>

#include "base/files.h"
#include "base/sys.h"
#include "ipc/http/client.h"

namespace hull::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A server on a unix socket in a folder of its own.
class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/hull-http-test-XXXXXX";
    folder_ = ::mkdtemp(name);
    start({});
  }
  void TearDown() override {
    server_.reset();
    (void)remove_tree(folder_);
  }
  void start(ServerOptions options) {
    server_.reset();
    server_ = MUST(Server::create([this](Exchange& exchange) { handle(exchange); }, options));
    for (auto& listener : MUST(open_listeners("unix://" + path(), {.group = ""})))
      MUST(server_->listen(std::move(listener)));
  }
  std::string path() const { return folder_ + "/s.sock"; }

  void handle(Exchange& exchange) {
    const std::string& path = exchange.request().path;
    if (path == "/echo") {
      auto body = exchange.read_body(64_KiB);
      if (!body.ok()) {
        (void)exchange.send(413, "text/plain", body.error().message());
        return;
      }
      (void)exchange.send(200, "text/plain", *body);
    } else if (path == "/stream") {
      (void)exchange.begin_stream(200, "text/plain");
      for (int i = 0; i < 3; ++i) (void)exchange.write("line\n");
      (void)exchange.end_stream();
    } else if (path == "/hijack") {
      auto raw = exchange.hijack("application/vnd.docker.raw-stream");
      if (!raw.ok()) return;
      (void)sys::write_all(raw->fd, "got:" + raw->early);
    } else if (path == "/wait") {
      std::promise<void> stopped;
      const std::stop_callback on_stop(exchange.stop_token(), [&] { stopped.set_value(); });
      waiting_.set_value();
      stopped.get_future().wait();
      stopped_.set_value();
      (void)exchange.send(200, "text/plain", "stopped");
    } else if (path == "/silent") {
    } else {
      (void)exchange.send(404, "text/plain", path);
    }
  }

  /// Sends raw bytes and reads up to the server's close (or half a second of silence).
  std::string raw(const std::string& bytes) {
    const UniqueFd socket = MUST(sys::connect_unix(path()));
    (void)sys::write_all(socket, bytes);
    std::string answer;
    char buffer[4096];
    while (MUST(sys::poll(socket, POLLIN, milliseconds(500)))) {
      const auto count = sys::read(socket, buffer);
      if (!count.ok() || *count == 0) break;
      answer.append(buffer, *count);
    }
    return answer;
  }
  int status_of(const std::string& bytes) {
    const std::string answer = raw(bytes);
    return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0;
  }

  std::string folder_;
  std::unique_ptr<Server> server_;
  std::promise<void> waiting_;
  std::promise<void> stopped_;
};

std::string request_of(const std::string& headers, const std::string& body = "") {
  return "POST /echo HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n" + body;
}

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  Client client(dial_unix(path()), "x");
  for (int i = 0; i < 3; ++i) {
    auto response = MUST(client.send({.method = Method::kPost, .target = "/echo", .body = "hello"}, {}));
    EXPECT_EQ(response.head().status, 200);
    EXPECT_EQ(MUST(response.read_all(1_MiB, {})), "hello");
  }
}

TEST_F(ServerTest, StreamsArriveInChunks) {
  Client client(dial_unix(path()), "x");
  auto response = MUST(client.send({.target = "/stream"}, {}));
  EXPECT_EQ(response.head().header("transfer-encoding"), "chunked");
  EXPECT_EQ(MUST(response.read_all(1_MiB, {})), "line\nline\nline\n");
}

TEST_F(ServerTest, BodiesMayBeStreamed) {
  Client client(dial_unix(path()), "x");
  int left = 3;
  const BodySource source = [&](std::span<char> buffer) -> Result<size_t> {
    if (left-- == 0) return size_t{0};
    std::copy_n("abc", 3, buffer.data());
    return size_t{3};
  };
  auto response = MUST(client.send({.method = Method::kPost, .target = "/echo", .body_source = source}, {}));
  EXPECT_EQ(MUST(response.read_all(1_MiB, {})), "abcabcabc");
}

TEST_F(ServerTest, HijackHandsOverEarlyBytes) {
  const std::string answer =
      raw("POST /hijack HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\nearly");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 UPGRADED\r\n")) << answer;
  EXPECT_NE(answer.find("Upgrade: tcp\r\n"), answer.npos);
  EXPECT_TRUE(answer.ends_with("got:early")) << answer;
}

TEST_F(ServerTest, HijackWithoutUpgradeAnswers200) {
  EXPECT_EQ(status_of("POST /hijack HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
}

TEST_F(ServerTest, ABodyThatDripsIsGivenUp) {
  start({.body_timeout = milliseconds(300)});
  for (const char* path : {"/echo", "/nothing"}) {  // read as a whole, and dropped unread
    const UniqueFd socket = MUST(sys::connect_unix(this->path()));
    MUST(sys::write_all(socket, "POST " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n"));
    const Call call = Call::within(seconds(20));
    char answer[4096];
    bool closed = false;
    while (!closed && !call.expired()) {
      const bool sent = sys::write_all(socket, "x").ok();
      while (!closed && MUST(sys::poll(socket, POLLIN, milliseconds(50)))) {
        const auto count = sys::read(socket, answer);
        closed = !count.ok() || *count == 0;
      }
      closed = closed || !sent;
    }
    EXPECT_TRUE(closed) << path;
  }
}

TEST_F(ServerTest, HeadsAreLimitedAsTheOptionsSay) {
  start({.head = {.bytes = 2000}});
  EXPECT_EQ(status_of(request_of("X: " + std::string(1500, 'x') + "\r\nContent-Length: 0\r\n")), 200);
  EXPECT_EQ(status_of(request_of("X: " + std::string(2500, 'x') + "\r\nContent-Length: 0\r\n")), 431);
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  const std::string answer = raw(request_of("Content-Length: 1\r\n", "a") + request_of("Content-Length: 1\r\n", "b"));
  const size_t first = answer.find("\r\n\r\na");
  ASSERT_NE(first, answer.npos);
  EXPECT_NE(answer.find("\r\n\r\nb", first), answer.npos);
}

TEST_F(ServerTest, ClientThatLeavesStopsTheHandler) {
  {
    const UniqueFd socket = MUST(sys::connect_unix(path()));
    MUST(sys::write_all(socket, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
    ASSERT_EQ(waiting_.get_future().wait_for(seconds(5)), std::future_status::ready);
  }
  EXPECT_EQ(stopped_.get_future().wait_for(seconds(5)), std::future_status::ready);
}

TEST_F(ServerTest, StopEndsHandlersAndRemovesTheSocket) {
  const UniqueFd socket = MUST(sys::connect_unix(path()));
  MUST(sys::write_all(socket, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_EQ(waiting_.get_future().wait_for(seconds(5)), std::future_status::ready);
  server_->stop(seconds(5));
  char answer[16];
  EXPECT_EQ(MUST(sys::read(socket, answer)), 16U);  // the handler's answer still came through
  EXPECT_FALSE(exists(path()));
}

TEST_F(ServerTest, ContinueIsSentWhenTheBodyIsWanted) {
  const std::string answer = raw(request_of("Content-Length: 2\r\nExpect: 100-continue\r\n", "hi"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")) << answer;
}

TEST_F(ServerTest, HeadHasNoBody) {
  const std::string answer = raw("HEAD /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 5\r\n"), answer.npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(ServerTest, Http10ClosesUnlessAskedOtherwise) {
  EXPECT_NE(raw("GET /stream HTTP/1.0\r\n\r\n").find("\r\n\r\nline\nline\nline\n"), std::string::npos);
}

TEST_F(ServerTest, UnansweredRequestIsAnInternalError) {
  EXPECT_EQ(status_of("GET /silent HTTP/1.1\r\nHost: x\r\n\r\n"), 500);
}

TEST_F(ServerTest, TooLargeBodyIsRefusedBeforeItIsRead) {
  EXPECT_EQ(status_of(request_of("Content-Length: 99999999999\r\n")), 413);
  EXPECT_EQ(status_of(request_of("Transfer-Encoding: chunked\r\n",
                                 "20000\r\n" + std::string(0x20000, 'x') + "\r\n0\r\n\r\n")),
            413);
}

/// Ways to make two readers see different messages, and plain nonsense.
TEST_F(ServerTest, HostileFramingIsRefused) {
  const std::pair<const char*, std::string> table[] = {
      {"both framings", request_of("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
      {"both framings, reversed", request_of("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n")},
      {"length twice", request_of("Content-Length: 1\r\nContent-Length: 1\r\n", "a")},
      {"lengths in a list", request_of("Content-Length: 1, 1\r\n", "a")},
      {"negative length", request_of("Content-Length: -1\r\n")},
      {"length with a sign", request_of("Content-Length: +1\r\n", "a")},
      {"length past 64 bits", request_of("Content-Length: 99999999999999999999999\r\n")},
      {"chunked twice", request_of("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
      {"other coding", request_of("Transfer-Encoding: gzip\r\n")},
      {"other coding first", request_of("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
      {"no host", "GET / HTTP/1.1\r\n\r\n"},
      {"space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"},
      {"bare line feed", "GET / HTTP/1.1\nHost: a\n\n"},
      {"not HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"NUL in the path", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"broken escape", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"cut escape", "GET /% HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"broken escape in the query", "GET /?a=%4 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"path without a slash", "GET echo HTTP/1.1\r\nHost: a\r\n\r\n"},
  };
  for (const auto& [name, bytes] : table) EXPECT_EQ(status_of(bytes), 400) << name;
}

TEST_F(ServerTest, BadChunksBreakTheRequestOff) {
  for (const std::string body : {"xyz\r\n", "-1\r\n", "fffffffffffffffff\r\n", "1\nab\r\n", "1\r\nabc\r\n0\r\n\r\n"}) {
    const std::string answer = raw(request_of("Transfer-Encoding: chunked\r\n", body));
    EXPECT_EQ(answer.find("HTTP/1.1 200"), answer.npos) << body << " -> " << answer;
  }
}

TEST_F(ServerTest, EndlessChunkExtensionIsRefused) {
  EXPECT_EQ(status_of(request_of("Transfer-Encoding: chunked\r\n", "1;a=" + std::string(100'000, 'x'))), 413);
}

TEST_F(ServerTest, LargeHeadsAreRefused) {
  EXPECT_EQ(status_of("GET /" + std::string(40'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"), 431);
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 200; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(status_of(many + "\r\n"), 431);
}

TEST_F(ServerTest, UnknownMethodIsRefused) { EXPECT_EQ(status_of("BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n"), 405); }

TEST_F(ServerTest, SlowHeadIsDropped) {
  start({.head_timeout = milliseconds(100)});
  const UniqueFd socket = MUST(sys::connect_unix(path()));
  MUST(sys::write_all(socket, "GET / HTTP/1.1\r\n"));
  ASSERT_TRUE(MUST(sys::poll(socket, POLLIN | POLLRDHUP, seconds(5))));
  char byte[1];
  EXPECT_EQ(MUST(sys::read(socket, byte)), 0U);
}

TEST_F(ServerTest, HeadInPiecesIsServed) {
  const UniqueFd socket = MUST(sys::connect_unix(path()));
  for (const char c : std::string_view("GET /none HTTP/1.1\r\nHost: x\r\n\r\n"))
    MUST(sys::write_all(socket, std::string_view(&c, 1)));
  char answer[12];
  ASSERT_TRUE(MUST(sys::poll(socket, POLLIN, seconds(5))));
  EXPECT_EQ(MUST(sys::read(socket, answer)), 12U);
  EXPECT_EQ(std::string_view(answer, 12), "HTTP/1.1 404");
}

TEST_F(ServerTest, FullServerClosesTheOldestIdleConnection) {
  start({.connections = 2});
  const UniqueFd first = MUST(sys::connect_unix(path()));
  const UniqueFd second = MUST(sys::connect_unix(path()));
  const UniqueFd third = MUST(sys::connect_unix(path()));
  ASSERT_TRUE(MUST(sys::poll(first, POLLIN | POLLRDHUP, seconds(5))));
  EXPECT_NE(raw("GET /none HTTP/1.1\r\nHost: x\r\n\r\n").find("404"), std::string::npos);
}

TEST_F(ServerTest, ManyClientsAtOnce) {
  std::vector<std::future<int>> answers;
  for (int i = 0; i < 32; ++i) {
    answers.push_back(std::async(std::launch::async, [this] {
      Client client(dial_unix(path()), "x");
      int good = 0;
      for (int n = 0; n < 20; ++n) {
        auto response = client.send({.method = Method::kPost, .target = "/echo", .body = std::string(1000, 'z')}, {});
        if (response.ok() && MUST(response->read_all(1_MiB, {})).size() == 1000) ++good;
      }
      return good;
    }));
  }
  for (auto& answer : answers) EXPECT_EQ(answer.get(), 20);
}

TEST_F(ServerTest, LivingSocketIsNotTakenAway) {
  EXPECT_EQ(open_listeners("unix://" + path(), {}).code(), Code::kFailedPrecondition);
}

TEST(Listener, PlainTcpIsRefusedUnlessAllowed) {
  EXPECT_EQ(open_listeners("tcp://127.0.0.1:0", {}).code(), Code::kFailedPrecondition);
  EXPECT_EQ(open_listeners("127.0.0.1", {}).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace hull::http
