#include "ipc/ttrpc/server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <atomic>
#include <future>
#include <thread>

#include "base/ids.h"
#include "base/log.h"
#include "base/sys.h"
#include "ipc/ttrpc/client.h"
#include "ipc/ttrpc/frame.h"

namespace hull::ttrpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A server on a loop of its own thread: Echo answers, Never keeps its responder, Drop loses it.
class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    loop_ = MUST(EventLoop::create());
    server_.emplace(*loop_, MUST(sys::listen_unix(path_, 0600)), Server::Options{.max_calls = 4, .on_connect = {}});
    server_->handle("s", "Echo", [](const IncomingCall& call, Responder r) { r.reply(call.payload); });
    server_->handle("s", "Never", [this](const IncomingCall&, Responder r) { kept_.push_back(std::move(r)); });
    server_->handle("s", "Drop", [](const IncomingCall&, Responder) {});
    server_->handle("s", "Fail", [](const IncomingCall&, Responder r) { r.fail(Error(Code::kNotFound, "gone")); });
    MUST(server_->start());
    thread_ = std::thread([this] { MUST(loop_->run()); });
  }
  void TearDown() override {
    loop_->post([this] {
      server_.reset();
      kept_.clear();
    });
    loop_->stop();
    thread_.join();
    (void)sys::unlink(path_).ok();
  }
  std::shared_ptr<Client> connect() { return MUST(Client::connect(*loop_, path_, nullptr)); }

  std::string path_ = "/tmp/hull-ttrpc-" + random_hex(16);
  std::unique_ptr<EventLoop> loop_;
  std::optional<Server> server_;
  std::vector<Responder> kept_;
  std::thread thread_;
};

TEST_F(ServerTest, AnswersCallsOfManyThreadsOverOneConnection) {
  const auto client = connect();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string text = std::to_string(t) + ":" + std::to_string(i);
        auto answer = client->call(Call::within(seconds(60)), "s", "Echo", text);
        ASSERT_TRUE(answer.ok()) << answer.error().message();
        ASSERT_EQ(*answer, text);
      }
    });
  for (auto& thread : threads) thread.join();
  client->close();
}

TEST_F(ServerTest, CarriesMessagesUpToTheLimit) {
  const auto client = connect();
  const std::string big(kMaxMessage - 100, 'x');
  EXPECT_EQ(client->call(Call::within(seconds(60)), "s", "Echo", big).value(), big);
  EXPECT_TRUE(client->call(Call::within(seconds(60)), "s", "Echo", big + big).is(Code::kResourceExhausted));
  client->close();
}

TEST_F(ServerTest, ReportsErrorsOfHandlersAndOfUnknownMethods) {
  const auto client = connect();
  auto failed = client->call(Call::within(seconds(60)), "s", "Fail", "");
  EXPECT_TRUE(failed.is(Code::kNotFound));
  EXPECT_EQ(failed.error().message(), "gone");
  EXPECT_TRUE(client->call(Call::within(seconds(60)), "s", "Nope", "").is(Code::kUnimplemented));
  EXPECT_TRUE(client->call(Call::within(seconds(60)), "t", "Nope", "").is(Code::kUnimplemented));
  EXPECT_TRUE(client->call(Call::within(seconds(60)), "s", "Drop", "").is(Code::kInternal));
  client->close();
}

TEST_F(ServerTest, ACallEndsAtItsDeadline) {
  const auto client = connect();
  EXPECT_TRUE(client->call(Call::within(milliseconds(30)), "s", "Never", "").is(Code::kDeadlineExceeded));
  client->close();
}

TEST_F(ServerTest, ACallEndsWhenItIsStopped) {
  const auto client = connect();
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  EXPECT_TRUE(client->call({.stop = stop.get_token()}, "s", "Never", "").is(Code::kCancelled));
  stopper.join();
  client->close();
}

TEST_F(ServerTest, CallsEndWhenTheServerGoes) {
  const auto client = connect();
  std::thread ender([&] {
    ASSERT_TRUE(client->call(Call::within(seconds(60)), "s", "Echo", "").ok());
    loop_->post([this] { server_.reset(); });
  });
  EXPECT_TRUE(client->call(Call::within(seconds(60)), "s", "Never", "").is(Code::kUnavailable));
  ender.join();
  EXPECT_TRUE(client->call(Call::within(seconds(60)), "s", "Echo", "").is(Code::kUnavailable));
}

TEST_F(ServerTest, BoundsTheCallsInFlight) {
  const auto client = connect();
  for (int i = 0; i < 4; ++i) client->start("s", "Never", "", [](Result<std::string>) {});
  EXPECT_TRUE(client->call(Call::within(seconds(60)), "s", "Echo", "").is(Code::kResourceExhausted));
  client->close();
}

TEST_F(ServerTest, ATimeoutBeyondTheClockIsNoneAtAll) {
  const auto client = connect();
  std::promise<Result<std::string>> ended;
  client->start(
      "s", "Never", "", [&](Result<std::string> result) { ended.set_value(std::move(result)); }, {},
      std::chrono::nanoseconds::max());
  EXPECT_TRUE(client->call(Call::within(seconds(60)), "s", "Echo", "").ok());
  // The first answer to come is ours, and not that the time was over.
  loop_->post([this] { kept_.at(0).reply("late"); });
  EXPECT_EQ(ended.get_future().get().value(), "late");
  client->close();
}

/// Counts what is logged while it lives.
class CountedLog {
 public:
  CountedLog() { logging::install(std::make_unique<Sink>(count_), logging::Level::kWarn); }
  ~CountedLog() { logging::install(nullptr, logging::Level::kDebug); }
  int lines() const { return *count_; }

 private:
  struct Sink : logging::Sink {
    explicit Sink(std::shared_ptr<std::atomic<int>> count) : count(std::move(count)) {}
    void write(logging::Level, std::string_view, logging::Fields) override { ++*count; }
    std::shared_ptr<std::atomic<int>> count;
  };
  std::shared_ptr<std::atomic<int>> count_ = std::make_shared<std::atomic<int>>(0);
};

TEST_F(ServerTest, WithoutAFreeDescriptorItRestsAndGoesOnLater) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan opens a pipe to look at an object";
#endif
  const CountedLog log;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  std::vector<UniqueFd> taken;
  rlimit few = before;
  few.rlim_cur = 128;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  while (true) {
    auto fd = sys::memfd_create("taken", 0);
    if (!fd.ok()) break;
    taken.push_back(std::move(*fd));
  }
  taken.pop_back();  // for the client's end; none is left for the server's
  const auto client = connect();
  std::promise<void> over;
  loop_->post([&] { loop_->after(milliseconds(500), [&] { over.set_value(); }); });
  over.get_future().wait();
  EXPECT_GE(log.lines(), 1);
  EXPECT_LE(log.lines(), 50) << "it tries again and again";
  taken.clear();
  EXPECT_EQ(client->call(Call::within(seconds(60)), "s", "Echo", "x").value(), "x");
  client->close();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

std::string read_to_end(FdRef fd) {
  std::string all;
  char buffer[4096];
  while (true) {
    auto count = sys::read(fd, buffer);
    if (!count.ok() || *count == 0) return all;
    all.append(buffer, *count);
  }
}

/// Sends raw bytes and gives what comes back until the server closes.
std::string talk(const std::string& path, std::string_view bytes) {
  auto fd = MUST(sys::connect_unix(path));
  (void)sys::write_all(fd, bytes).ok();
  ::shutdown(fd.get(), SHUT_WR);
  return read_to_end(fd);
}

TEST_F(ServerTest, HostileFramesCostOnlyTheirConnection) {
  std::string even;
  append_frame(even, 2, MessageType::kRequest, 0, "");
  std::string reused;
  append_frame(reused, 3, MessageType::kRequest, 0, "");
  append_frame(reused, 1, MessageType::kRequest, 0, "");
  std::string data;
  append_frame(data, 1, MessageType::kData, 0, "x");
  std::string garbage(100000, '\xff');
  std::string nonsense;
  append_frame(nonsense, 1, MessageType::kRequest, 0, "\xff\xff\xff");
  EXPECT_NE(talk(path_, even).find("must be odd"), std::string::npos);
  EXPECT_NE(talk(path_, reused).find("must increment"), std::string::npos);
  EXPECT_EQ(talk(path_, data), "");
  EXPECT_EQ(talk(path_, garbage), "");
  EXPECT_NE(talk(path_, nonsense).find("malformed"), std::string::npos);
  const auto client = connect();
  EXPECT_TRUE(client->call(Call::within(seconds(60)), "s", "Echo", "").ok());
  client->close();
}

}  // namespace
}  // namespace hull::ttrpc
