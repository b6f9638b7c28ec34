#include "engine/stdio/hub.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <future>
#include <thread>

#include "base/files.h"
#include "base/ids.h"
#include "base/sys.h"
#include "engine/logs/reader.h"
#include "engine/stdio/detach_keys.h"
#include "engine/stdio/session.h"

namespace hull::engine::stdio {
namespace {

using namespace std::chrono_literals;

class Kept final : public logs::Driver {
 public:
  explicit Kept(std::shared_ptr<std::string> text) : text_(std::move(text)) {}
  void write(logs::Stream stream, std::string_view bytes) override {
    *text_ += stream == logs::Stream::kStdout ? "o:" : "e:";
    *text_ += bytes;
  }
  void finish(logs::Stream) override { *text_ += "."; }

 private:
  std::shared_ptr<std::string> text_;
};

class Text final : public logs::Consumer {
 public:
  Result<void> take(const logs::Entry& entry) override { return text += entry.text, Result<void>(); }
  Result<void> flush() override { return {}; }
  std::string text;
};

class HubTest : public ::testing::Test {
 protected:
  HubTest()
      : fifos_(MUST(make_fifos(directory_, "", Stdin::kYes, Terminal::kNo))),
        pump_(MUST(Pump::start(1))),
        hub_(Hub::create(*pump_)) {}
  ~HubTest() override { (void)remove_tree(directory_).ok(); }
  UniqueFd writer(const std::string& path) { return MUST(sys::open(path, O_WRONLY)); }

  const std::string directory_ = "/tmp/containers-hub-" + random_hex(12);
  const Fifos fifos_;
  const std::unique_ptr<Pump> pump_;
  const std::shared_ptr<Hub> hub_;
};

TEST_F(HubTest, OutputReachesLogAndClients) {
  auto text = std::make_shared<std::string>();
  const auto client = MUST(ClientQueue::create(Framing::kFrames, {}));
  hub_->add(client);
  MUST(hub_->begin(fifos_, std::make_unique<Kept>(text)));
  hub_->flow();
  {
    const auto out = writer(fifos_.out);
    const auto err = writer(fifos_.err);
    MUST(sys::write_all(out, "hello"));
    MUST(sys::write_all(err, "oops"));
  }
  hub_->wait_drained(Call::within(10s));
  hub_->close();
  hub_->end_clients();
  EXPECT_NE(text->find("o:hello"), std::string::npos);
  EXPECT_NE(text->find("e:oops"), std::string::npos);
  std::string got;
  EXPECT_FALSE(client->take(got));
  EXPECT_NE(got.find(std::string("\1\0\0\0\0\0\0\5hello", 13)), std::string::npos);
}

TEST_F(HubTest, WhatIsInTheFifoAtTheEndIsNotLost) {
  auto text = std::make_shared<std::string>();
  MUST(hub_->begin(fifos_, std::make_unique<Kept>(text)));
  hub_->flow();
  const auto out = writer(fifos_.out);  // stays open, as a shim may hold it
  MUST(sys::write_all(out, "last words"));
  hub_->close();
  EXPECT_NE(text->find("last words"), std::string::npos);
}

TEST_F(HubTest, AFifoThatNobodyWritesToIsDrained) {
  MUST(hub_->begin(fifos_, nullptr));
  hub_->flow();
  const auto begin = std::chrono::steady_clock::now();
  hub_->wait_drained(Call::within(60s));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 30s);
  hub_->close();
}

TEST_F(HubTest, WhatCameBeforeTheProcessStartedIsDropped) {
  auto text = std::make_shared<std::string>();
  MUST(hub_->begin(fifos_, std::make_unique<Kept>(text)));
  const auto out = writer(fifos_.out);
  MUST(sys::write_all(out, "runtime: no such file"));
  hub_->close();
  EXPECT_EQ(text->find("runtime"), std::string::npos);
}

TEST_F(HubTest, AFullClientPausesTheProcessAndNothingIsLost) {
  const auto client = MUST(ClientQueue::create(Framing::kRaw, {}));
  hub_->add(client);
  MUST(hub_->begin(fifos_, nullptr));
  hub_->flow();
  constexpr size_t kTotal = 8 << 20;
  std::thread process([&] {
    const auto out = writer(fifos_.out);
    const auto err = writer(fifos_.err);
    MUST(sys::write_all(out, std::string(kTotal, 'x')));
  });
  size_t received = 0;
  while (received < kTotal) {
    ASSERT_TRUE(MUST(sys::poll(client->signal(), POLLIN, 30s)));
    std::string piece;
    client->take(piece);
    EXPECT_LE(piece.size(), 2 * ClientQueue::kFull);
    received += piece.size();
  }
  process.join();
  hub_->wait_drained(Call::within(10s));
  hub_->close();
  EXPECT_EQ(received, kTotal);
}

TEST_F(HubTest, AProcessThatGoesOnWritingKeepsNobodyFromTheEnd) {
  MUST(hub_->begin(fifos_, nullptr));
  hub_->flow();
  std::atomic<bool> enough = false;
  std::thread process([&] {
    const auto out = MUST(sys::open(fifos_.out, O_RDWR | O_NONBLOCK));
    const std::string block(4096, 'x');
    while (!enough) (void)sys::try_write(out, block).ok();
  });
  for (int i = 0; i < 20; ++i) hub_->drain_now();
  hub_->close();
  enough = true;
  process.join();
}

TEST_F(HubTest, WhatAClientThatIsBehindHasNotTakenComesWithTheEnd) {
  const auto client = MUST(ClientQueue::create(Framing::kRaw, {}));
  hub_->add(client);
  MUST(hub_->begin(fifos_, nullptr));
  hub_->flow();
  const auto out = MUST(sys::open(fifos_.out, O_RDWR | O_NONBLOCK));
  // More than the client's queue and the FIFO hold, so that some waits in the FIFO; nobody takes anything.
  std::string text(4096, 'x');
  size_t written = 0;
  while (written < ClientQueue::kFull + 512 * 1024) {
    const auto took = MUST(sys::try_write(out, text));
    if (!took) std::this_thread::yield();
    written += took.value_or(0);
  }
  hub_->drain_now();
  hub_->end_clients();
  hub_->close();
  std::string got;
  while (client->take(got)) {}
  EXPECT_EQ(got.size(), written);
}

TEST_F(HubTest, AClientThatComesAtACutGetsAllThatTheLogHasNot) {
  const std::string path = directory_ + "/c-json.log";
  logs::Options options;
  options.max_size = 8_KiB;
  options.max_files = 1000;
  MUST(hub_->begin(fifos_, MUST(logs::JsonFile::open(path, options, "", nullptr))));
  hub_->flow();
  constexpr int kLines = 3000;
  std::string expected;
  for (int i = 0; i < kLines; ++i) expected += "line " + std::to_string(i) + "\n";
  std::thread process([&] {
    const auto out = writer(fifos_.out);
    const auto err = writer(fifos_.err);
    // In pieces that end anywhere.
    for (size_t at = 0; at < expected.size(); at += 7) MUST(sys::write_all(out, expected.substr(at, 7)));
  });
  std::vector<std::string> seen;
  std::vector<std::shared_ptr<ClientQueue>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(MUST(ClientQueue::create(Framing::kRaw, {})));
    std::optional<logs::LogSnapshot> before;
    std::string begun;
    hub_->add_at_cut(clients.back(), [&](const logs::Driver* driver) {
      before = MUST(logs::LogSnapshot::take(path));
      begun = driver->unfinished(logs::Stream::kStdout);
    });
    Text text;
    MUST(before->read({}, text));
    seen.push_back(text.text + begun);
  }
  process.join();
  hub_->wait_drained(Call::within(60s));
  hub_->close();
  hub_->end_clients();
  for (size_t i = 0; i < clients.size(); ++i) {
    while (clients[i]->take(seen[i])) {}
    EXPECT_TRUE(seen[i] == expected) << "client " << i;
  }
}

TEST_F(HubTest, ASessionCarriesInputAndOutput) {
  const auto queue = MUST(ClientQueue::create(Framing::kRaw, {}));
  hub_->add(queue);
  MUST(hub_->begin(fifos_, nullptr));
  hub_->flow();
  auto pair = MUST(sys::socketpair(SOCK_STREAM));
  bool input_ended = false;
  SessionEnd end{};
  std::thread server([&, fd = std::move(pair.first)]() mutable {
    end = serve({std::move(fd), "early "}, hub_, queue,
                {.input = true,
                 .input_ended =
                     [&] {
                       hub_->close_input();
                       input_ended = true;
                     }},
                {});
  });
  const auto in = MUST(sys::open(fifos_.in, O_RDONLY));
  MUST(sys::write_all(pair.second, "late"));
  ::shutdown(pair.second.get(), SHUT_WR);
  EXPECT_EQ(MUST(read_all(in)), "early late");
  {
    const auto out = writer(fifos_.out);
    const auto err = writer(fifos_.err);
    MUST(sys::write_all(out, "answer"));
  }
  hub_->wait_drained(Call::within(10s));
  hub_->close();
  hub_->end_clients();
  EXPECT_EQ(MUST(read_all(pair.second)), "answer");
  server.join();
  EXPECT_EQ(end, SessionEnd::kProcessEnded);
  EXPECT_TRUE(input_ended);
}

TEST_F(HubTest, AVanishedClientEndsItsSession) {
  const auto queue = MUST(ClientQueue::create(Framing::kRaw, {}));
  hub_->add(queue);
  MUST(hub_->begin(fifos_, nullptr));
  hub_->flow();
  auto pair = MUST(sys::socketpair(SOCK_STREAM));
  pair.second.reset();
  EXPECT_EQ(serve({std::move(pair.first), ""}, hub_, queue, {}, {}), SessionEnd::kClientGone);
  hub_->close();
}

TEST(DetachKeys, AreFoundInTheStream) {
  EXPECT_EQ(MUST(parse_detach_keys("ctrl-p,ctrl-q")), kDefaultDetachKeys);
  EXPECT_EQ(MUST(parse_detach_keys("a,ctrl-[")), "a\x1b");
  EXPECT_FALSE(parse_detach_keys("ctrl-!").ok());
  DetachWatch watch{std::string(kDefaultDetachKeys)};
  std::string out;
  EXPECT_FALSE(watch.feed("ab\x10", out));
  EXPECT_EQ(out, "ab");
  EXPECT_FALSE(watch.feed("c\x10", out));
  EXPECT_EQ(out,
            "ab\x10"
            "c");
  EXPECT_TRUE(watch.feed("\x11", out));
}

TEST_F(HubTest, AClientThatReadsNothingDoesNotHoldTheStopUp) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  std::optional<UniqueFd> client = UniqueFd(ends[0]);
  const auto queue = MUST(ClientQueue::create(Framing::kRaw, {}));
  queue->push(logs::Stream::kStdout, std::string(ClientQueue::kFull, 'x'));
  std::stop_source stop;
  std::promise<SessionEnd> ended;
  std::thread session([&] { ended.set_value(serve({UniqueFd(ends[1]), ""}, hub_, queue, {}, stop.get_token())); });
  // It waits for room in the connection.
  ASSERT_TRUE(MUST(sys::poll(*client, POLLIN, 20s)));
  while (!queue->push(logs::Stream::kStdout, "")) std::this_thread::yield();
  stop.request_stop();
  auto end = ended.get_future();
  EXPECT_EQ(end.wait_for(20s), std::future_status::ready);
  client.reset();  // whatever came, it ends now
  session.join();
  EXPECT_EQ(end.get(), SessionEnd::kStopped);
}

}  // namespace
}  // namespace hull::engine::stdio
