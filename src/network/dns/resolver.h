#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/event_loop.h"
#include "base/fd.h"
#include "network/dns/directory.h"
#include "network/dns/exchange.h"

namespace hull::network::dns {

/// Where a sandbox's resolver listens within its namespace; remembered, so that a restarted engine answers at the same
/// place without touching the sandbox's rules.
struct Ports {
  uint16_t udp = 0;
  uint16_t tcp = 0;
};

/// The name servers at 127.0.0.11:53 of all sandboxes: names of containers from the directory, all else from other
/// servers. Port 53 itself stays free in the container: a rule of the sandbox's own nftables table leads from there to
/// the sockets.
///
/// One thread serves them all, started with the first sandbox. It changes its network namespace to open sockets to
/// servers there, and does nothing that depends on which one it is in. Thread-safe.
class Resolver {
 public:
  struct Sandbox {
    std::string container;  ///< id
    FdRef network_namespace;
    std::vector<Server> servers;
    /// Without a way out, servers on the host's loopback are not asked: they would be one (CVE-2024-29018).
    bool internal = false;
  };

  static Result<std::unique_ptr<Resolver>> create(const Directory& directory);
  ~Resolver();

  /// Listens, and has the sandbox's port 53 led there. With the ports of an earlier engine the rules stand already.
  Result<Ports> serve(const Sandbox& sandbox, const Ports& earlier = {});
  /// Whether the sandbox has a way out.
  void set_internal(const std::string& container, bool internal);
  /// Unanswered questions stay so. An unknown container is no error.
  void forget(const std::string& container);

 private:
  class Service;
  Resolver(const Directory& directory, std::unique_ptr<EventLoop> loop, UniqueFd host);
  Result<void> start_thread();
  void post(std::function<void()> work);

  const Directory& directory_;
  const std::unique_ptr<EventLoop> loop_;
  const UniqueFd host_;  ///< the engine's own network namespace
  std::mutex mutex_;     ///< guards thread_
  std::thread thread_;
  std::unordered_map<std::string, std::unique_ptr<Service>> services_;  ///< the loop's
};

}  // namespace hull::network::dns
