#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/fd.h"
#include "network/ipam/address.h"

namespace hull::network::dns {

/// A name server that is asked what no container answers to.
struct Server {
  Address address;
  uint16_t port = 53;
  /// Asked from the engine's own network, since it listens on the host's loopback; others from the container's.
  bool from_host = false;
  bool operator==(const Server&) const = default;
};

enum class Transport { kUdp, kTcp };

/// One query on its way through a sandbox's servers. They are asked in their order; the next one without waiting for
/// the last where that stays silent for a moment, or at once where it fails, refuses or does not know the name (servers
/// of a split horizon know different ones). The first good answer counts; without any, the best of the others.
///
/// Lives on the loop's thread; destroying it calls nobody.
class Exchange {
 public:
  struct Request {
    Transport transport = Transport::kUdp;
    std::string query;
    std::vector<Server> servers;
    FdRef sandbox;  ///< network namespaces in which sockets are opened; both outlive the exchange
    FdRef host;
  };
  /// The answer with the query's id; nullopt where no server gave one in time. Called once, from the loop, never from
  /// start(); may not destroy the exchange.
  using Done = std::function<void(std::optional<std::string> answer)>;

  static constexpr std::chrono::milliseconds kPatience{300};  ///< with one server, before the next is asked, too
  static constexpr std::chrono::seconds kDeadline{4};         ///< docker's; a client asks again after five

  Exchange(EventLoop& loop, Request request, Done done);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  void start();

 private:
  /// With one server.
  struct Attempt {
    UniqueFd socket;
    std::string query;     // with an id of its own, framed for TCP
    size_t sent = 0;       // TCP
    std::string received;  // TCP
    bool over = false;
  };
  void ask_next();
  Result<void> ask(size_t index);
  Result<void> open(size_t index);
  void on_ready(Attempt& attempt, uint32_t events);
  void on_datagram(Attempt& attempt);
  void on_stream(Attempt& attempt, uint32_t events);
  void take(Attempt& attempt, std::string answer);
  void give_up(Attempt& attempt);
  void end(Attempt& attempt);
  void finish(std::optional<std::string> answer);

  EventLoop& loop_;
  const Request request_;
  Done done_;
  std::vector<Attempt> attempts_;  ///< as many as servers, from the beginning: handlers refer to them
  size_t asked_ = 0;               ///< in this round
  int round_ = 0;
  std::optional<std::string> second_best_;
  std::optional<EventLoop::TimerId> patience_;
  std::optional<EventLoop::TimerId> deadline_;
};

}  // namespace hull::network::dns
