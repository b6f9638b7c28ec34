#pragma once

#include <netinet/in.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/event_loop.h"
#include "network/dns/cache.h"
#include "network/dns/directory.h"
#include "network/dns/exchange.h"
#include "network/dns/resolver.h"
#include "network/dns/sockets.h"

namespace hull::network::dns {

/// The name server of one sandbox. All of it lives on the loop's thread.
class Resolver::Service {
 public:
  struct Setup {
    std::string container;
    UniqueFd network_namespace;
    Listeners listeners;
    std::vector<Server> servers;
    bool internal = false;
  };
  Service(EventLoop& loop, const Directory& directory, FdRef host, Setup setup);
  ~Service();

  Result<void> start();
  void set_internal(bool internal) { setup_.internal = internal; }

 private:
  /// A client over TCP, which may ask several questions.
  struct Client {
    UniqueFd socket;
    std::string received;
    std::string unsent;
    EventLoop::TimerId idle;
  };
  using Reply = std::function<void(std::string answer)>;

  void on_datagrams();
  void on_connection();
  void on_client(uint64_t id, uint32_t events);
  bool read_questions(uint64_t id, Client& client);
  void send(uint64_t id, std::string answer);
  bool flush(Client& client);
  void rest(uint64_t id, Client& client);
  void drop_client(uint64_t id);

  void handle(std::string_view wire, Transport transport, Reply reply);
  std::optional<std::string> answer_locally(const Query& query) const;
  void forward(std::string_view wire, Transport transport, Query query, Reply reply);
  std::vector<Server> servers() const;

  EventLoop& loop_;
  const Directory& directory_;
  const FdRef host_;
  Setup setup_;
  Cache cache_;
  uint64_t next_id_ = 0;
  std::unordered_map<uint64_t, std::unique_ptr<Client>> clients_;
  std::unordered_map<uint64_t, std::unique_ptr<Exchange>> exchanges_;
  /// What posted work and timers ask before they touch this object.
  const std::shared_ptr<Service*> alive_ = std::make_shared<Service*>(this);
};

}  // namespace hull::network::dns
