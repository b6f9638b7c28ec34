#include "network/dns/resolver.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>

#include "base/files.h"
#include "base/ids.h"
#include "base/sys.h"
#include "network/dns/test_queries.h"
#include "network/endpoint.h"
#include "network/test_world.h"

namespace hull::network::dns {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);

Address ip(const std::string& text) { return MUST(Address::parse(text)); }

/// A name server on a UDP socket, on a thread of its own, until it is destroyed.
class Upstream {
 public:
  using Answer = std::function<std::string(const std::string& query)>;  // empty: stays silent
  Upstream(FdRef space, const std::string& address, Answer answer)
      : socket_(listen_in(space, SOCK_DGRAM, address, 53)), answer_(std::move(answer)), end_(MUST(sys::eventfd(0))) {
    thread_ = std::thread([this] { run(); });
  }
  ~Upstream() {
    const uint64_t one = 1;
    MUST(sys::write(end_, {reinterpret_cast<const char*>(&one), sizeof one}));
    thread_.join();
  }
  int asked() const { return asked_; }

 private:
  void run() {
    for (;;) {
      pollfd fds[] = {{socket_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}};
      ::poll(fds, 2, -1);
      if (fds[1].revents != 0) return;
      char buffer[4096];
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      const ssize_t got =
          ::recvfrom(socket_.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 0) continue;
      ++asked_;
      const std::string answer = answer_(std::string(buffer, static_cast<size_t>(got)));
      if (!answer.empty())
        ::sendto(socket_.get(), answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }
  UniqueFd socket_;
  Answer answer_;
  UniqueFd end_;
  std::atomic<int> asked_ = 0;
  std::thread thread_;
};

Upstream::Answer says(const std::string& address) {
  return [address](const std::string& query) {
    return answer_with(query, Status::kOk, {"www.example. 60 IN A " + address});
  };
}

Upstream::Answer fails(Status status) {
  return [status](const std::string& query) { return answer_with(query, status, {}); };
}

class ResolverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    world_ = World::get();
    if (!world_) GTEST_SKIP() << "needs root";
    name_ = random_hex(12);
    space_.emplace(MUST(world_->namespaces().create(name_)));
    MUST(bring_up_loopback(*space_));
    resolver_ = MUST(Resolver::create(names_));
  }
  void TearDown() override {
    if (!world_) return;
    resolver_.reset();
    space_.reset();
    MUST(world_->namespaces().remove(name_));
  }

  Ports serve(std::vector<Server> servers, bool internal = false, const Ports& earlier = {}) {
    return MUST(resolver_->serve({"c1", space_->fd, std::move(servers), internal}, earlier));
  }
  /// The answer, empty where none came in time.
  std::string ask(const std::string& query) {
    const UniqueFd client = connect_in(space_->fd, SOCK_DGRAM, "127.0.0.11", 53);
    MUST(sys::write(client, query));
    return receive(client);
  }
  std::string receive(FdRef client) {
    if (!MUST(sys::poll(client, POLLIN, kPatience))) return "";
    std::string answer(4096, '\0');
    auto size = sys::read(client, answer);
    answer.resize(std::move(size).value_or(0));
    return answer;
  }
  std::string ask_over_tcp(const std::string& queries, size_t answers) {
    const UniqueFd client = connect_in(space_->fd, SOCK_STREAM, "127.0.0.11", 53);
    MUST(sys::write_all(client, queries));
    std::string received;
    for (size_t end = 0, got = 0; got < answers;) {
      const std::string piece = receive(client);
      if (piece.empty()) break;
      received += piece;
      for (auto length = framed_length(std::string_view(received).substr(end));
           length && received.size() >= end + kFrameHeaderSize + *length;
           length = framed_length(std::string_view(received).substr(end))) {
        end += kFrameHeaderSize + *length;
        ++got;
      }
    }
    return received;
  }

  World* world_ = nullptr;
  std::string name_;
  std::optional<NetworkNamespace> space_;
  Directory names_;
  std::unique_ptr<Resolver> resolver_;
};

TEST_F(ResolverTest, KnowsContainersAndTheirAddresses) {
  names_.list("c1", {{"n1", "front", {"web"}, {ip("10.0.1.2")}}});
  serve({});
  EXPECT_EQ(addresses_in(ask(query_for("WEB", 1))), std::vector<Address>{ip("10.0.1.2")});
  const std::string no_ipv6 = ask(query_for("web", 28));
  EXPECT_EQ(status_of(no_ipv6), Status::kOk);
  EXPECT_TRUE(records_in(no_ipv6).empty());
  EXPECT_EQ(records_in(ask(query_for("2.1.0.10.in-addr.arpa", 12))),
            std::vector<std::string>{"2.1.0.10.in-addr.arpa.\t600\tIN\tPTR\tweb.front."});
  EXPECT_EQ(status_of(ask(query_for("unknown", 1))), Status::kServerFailure);
}

TEST_F(ResolverTest, ManyQuestionsOverOneTcpConnection) {
  names_.list("c1", {{"n1", "front", {"web"}, {ip("10.0.1.2")}}});
  serve({});
  std::string queries;
  for (uint16_t id = 0; id < 100; ++id) queries += framed(query_for("web", 1, id));
  const std::string answers = ask_over_tcp(queries, 100);
  const size_t one = kFrameHeaderSize + framed_length(answers).value();
  ASSERT_EQ(answers.size(), 100 * one);
  for (uint16_t id = 0; id < 100; ++id) EXPECT_EQ(id_of(answers.substr(id * one + kFrameHeaderSize)), id);
}

TEST_F(ResolverTest, AsksTheHostsServersAndRemembers) {
  const Upstream server(own_namespace(), "127.0.0.1", says("192.0.2.1"));
  serve({{ip("127.0.0.1"), 53, true}});
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(addresses_in(ask(query_for("www.example", 1))), std::vector<Address>{ip("192.0.2.1")});
  EXPECT_EQ(server.asked(), 1);
}

TEST_F(ResolverTest, AnInternalNetworkNeverAsksTheHostsServers) {
  const Upstream server(own_namespace(), "127.0.0.1", says("192.0.2.1"));
  serve({{ip("127.0.0.1"), 53, true}}, true);
  EXPECT_EQ(status_of(ask(query_for("www.example", 1))), Status::kServerFailure);
  EXPECT_EQ(server.asked(), 0);
  resolver_->set_internal("c1", false);
  EXPECT_EQ(status_of(ask(query_for("www.example", 1))), Status::kOk);
}

TEST_F(ResolverTest, AServerWithinTheSandboxIsAskedThere) {
  const Upstream server(space_->fd, "127.0.0.5", says("192.0.2.5"));
  serve({{ip("127.0.0.5")}});
  EXPECT_EQ(addresses_in(ask(query_for("www.example", 1))), std::vector<Address>{ip("192.0.2.5")});
}

TEST_F(ResolverTest, TheNextServerStandsInForOneThatFails) {
  for (const auto& bad : {fails(Status::kServerFailure), fails(Status::kRefused), fails(Status::kNoSuchName),
                          Upstream::Answer([](const std::string&) { return ""; }),
                          Upstream::Answer([](const std::string& query) { return query; })}) {
    const Upstream first(space_->fd, "127.0.0.5", bad);
    const Upstream second(space_->fd, "127.0.0.6", says("192.0.2.6"));
    serve({{ip("127.0.0.5")}, {ip("127.0.0.6")}});
    EXPECT_EQ(addresses_in(ask(query_for("www.example", 1))), std::vector<Address>{ip("192.0.2.6")});
    EXPECT_GE(first.asked(), 1);
  }
}

TEST_F(ResolverTest, NobodyThereIsToldAtOnce) {
  serve({{ip("127.0.0.5")}, {ip("198.51.100.99")}});  // nobody listens; no way to there
  EXPECT_EQ(status_of(ask(query_for("www.example", 1))), Status::kServerFailure);
}

TEST_F(ResolverTest, NoSuchNameIsBetterThanNothing) {
  const Upstream first(space_->fd, "127.0.0.5", fails(Status::kNoSuchName));
  const Upstream second(space_->fd, "127.0.0.6", fails(Status::kServerFailure));
  serve({{ip("127.0.0.5")}, {ip("127.0.0.6")}});
  EXPECT_EQ(status_of(ask(query_for("www.example", 1))), Status::kNoSuchName);
}

TEST_F(ResolverTest, ASilentServerIsAskedAgainFromTheSameSocket) {
  constexpr uint16_t kQuestions = 20;
  const Upstream silent(space_->fd, "127.0.0.5", [](const std::string&) { return ""; });
  serve({{ip("127.0.0.5")}});
  const auto descriptors = [] { return MUST(list_directory("/proc/self/fd")).size(); };
  const size_t before = descriptors();
  const UniqueFd client = connect_in(space_->fd, SOCK_DGRAM, "127.0.0.11", 53);
  for (uint16_t id = 0; id < kQuestions; ++id) MUST(sys::write(client, query_for("www.example", 1, id)));
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (silent.asked() < 2 * kQuestions && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_GE(silent.asked(), 2 * kQuestions);
  EXPECT_LE(descriptors(), before + 1 + kQuestions);
}

TEST_F(ResolverTest, Port53StaysFreeInTheContainer) {
  names_.list("c1", {{"n1", "front", {"web"}, {ip("10.0.1.2")}}});
  serve({});
  const UniqueFd own = listen_in(space_->fd, SOCK_DGRAM, "0.0.0.0", 53);
  const UniqueFd own_tcp = listen_in(space_->fd, SOCK_STREAM, "0.0.0.0", 53);
  EXPECT_EQ(addresses_in(ask(query_for("web", 1))), std::vector<Address>{ip("10.0.1.2")});
}

TEST_F(ResolverTest, ARestartedEngineAnswersAtTheSamePlace) {
  names_.list("c1", {{"n1", "front", {"web"}, {ip("10.0.1.2")}}});
  const Ports first = serve({});
  const UniqueFd client = connect_in(space_->fd, SOCK_DGRAM, "127.0.0.11", 53);
  resolver_ = MUST(Resolver::create(names_));
  const Ports second = serve({}, false, first);
  EXPECT_EQ(first.udp, second.udp);
  EXPECT_EQ(first.tcp, second.tcp);
  MUST(sys::write(client, query_for("web", 1)));
  EXPECT_EQ(addresses_in(receive(client)), std::vector<Address>{ip("10.0.1.2")});
  // Somebody took the port meanwhile: another one, and the rules follow.
  resolver_ = MUST(Resolver::create(names_));
  const UniqueFd thief = listen_in(space_->fd, SOCK_DGRAM, "127.0.0.11", first.udp);
  EXPECT_NE(serve({}, false, first).udp, first.udp);
  EXPECT_EQ(addresses_in(ask(query_for("web", 1))), std::vector<Address>{ip("10.0.1.2")});
}

TEST_F(ResolverTest, GarbageIsAnsweredAsSuchAndChangesNothing) {
  names_.list("c1", {{"n1", "front", {"web"}, {ip("10.0.1.2")}}});
  serve({});
  EXPECT_EQ(status_of(ask(std::string(kHeaderSize, '\0'))), Status::kNotImplemented);  // no question at all
  std::string cut = query_for("web", 1);
  cut.pop_back();
  EXPECT_EQ(status_of(ask(cut)), Status::kFormat);
  ask_over_tcp(std::string(200, '\xff'), 1);
  EXPECT_EQ(addresses_in(ask(query_for("web", 1))), std::vector<Address>{ip("10.0.1.2")});
}

TEST_F(ResolverTest, AForgottenSandboxIsServedNoLonger) {
  names_.list("c1", {{"n1", "front", {"web"}, {ip("10.0.1.2")}}});
  serve({});
  const UniqueFd client = connect_in(space_->fd, SOCK_STREAM, "127.0.0.11", 53);
  MUST(sys::write_all(client, framed(query_for("web", 1))));
  EXPECT_FALSE(receive(client).empty());
  resolver_->forget("c1");
  EXPECT_TRUE(receive(client).empty()) << "its connections end";
}

}  // namespace
}  // namespace hull::network::dns
