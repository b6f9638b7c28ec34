#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "api/network/network.h"
#include "base/guarded.h"
#include "base/rollback.h"
#include "engine/containers/seams.h"
#include "engine/events/event_bus.h"
#include "engine/networks/definition.h"
#include "engine/networks/filters.h"
#include "engine/networks/network_store.h"
#include "engine/networks/options.h"
#include "engine/networks/port_plan.h"
#include "engine/networks/sandbox_record.h"
#include "engine/networks/seams.h"
#include "network/dns/directory.h"
#include "network/dns/resolver.h"
#include "network/namespaces.h"
#include "network/nft/table.h"
#include "network/port_reservations.h"

namespace hull::engine {

/// The networks of the engine, and the sandboxes (namespace, links, addresses, published ports, files) of containers.
///
/// Life of a sandbox: create() before the container's task exists, remove() once it has ended. In between nothing needs
/// this process: a restarted daemon reads the records, checks that the namespaces stand, holds addresses and ports
/// again, and writes the firewall table in one transaction; containers' families then adopt() each or sweep() the rest.
///
/// Thread-safe. Who calls create(), remove(), adopt() or rename() for one container does so from one thread at a time,
/// and holds the container (HeldUser) for that.
class Networks final : public SandboxProvider {
 public:
  static Result<std::unique_ptr<Networks>> open(NetworksOptions options, EventSink& events);

  /// To be called once, before connect() and disconnect().
  void set_users(NetworkUsers& users) { users_ = &users; }

  Result<void> validate(const SandboxRequest& request) override;
  Result<Sandbox> create(const SandboxRequest& request) override;
  Result<void> remove(const std::string& container_id) override;
  Result<Sandbox> adopt(const SandboxRequest& request) override;
  void sweep(const std::vector<std::string>& running_containers) override;
  void rename(const std::string& container_id, const std::string& name) override;

  /// Errors in docker's words: kAlreadyExists, and those of validate(NetworkCreate) and define_network().
  Result<api::NetworkCreateResponse> create_network(const api::NetworkCreate& create);
  /// By id, name, or the start of an id. Errors: kNotFound "network x not found".
  Result<api::Network> inspect(const std::string& reference) const;
  /// Errors: kInvalidArgument names an unknown filter. Containers are left out, as in docker.
  Result<std::vector<api::Network>> list(const NetworkFilters& filters) const;
  /// Errors: kPermissionDenied for a predefined one or one with running containers.
  Result<void> remove_network(const std::string& reference);
  Result<api::NetworksPruneReport> prune(const NetworkFilters& filters);

  /// Errors: kNotFound, kPermissionDenied where the container is there already or the modes don't mix.
  Result<void> connect(const Call& call, const std::string& network, const std::string& container,
                       const api::EndpointConfig& config);
  Result<void> disconnect(const Call& call, const std::string& network, const std::string& container, bool force);

  /// The end of a daemon that leaves nothing running: without sandboxes, its bridges and its firewall table go.
  Result<void> shut_down();

 private:
  /// A network as it stands.
  struct Network {
    api::Network record;
    std::vector<network::AddressPool> pools;
    network::BridgeRules rules;
    int bridge_index = 0;
    uint32_t mtu = 1500;
    std::optional<network::Address> host_binding;
    std::set<std::string> users;  ///< container ids, from the moment that an address is taken
  };
  struct State {
    std::map<std::string, Network> networks;         // by id
    std::map<std::string, SandboxRecord> sandboxes;  // by container id
  };
  /// An endpoint on its way: addresses are taken, nothing is made.
  struct PlannedEndpoint {
    EndpointRecord record;
    network::EndpointPlan plan;
    std::optional<network::Address> host_binding;
    bool internal = false;
  };

  Networks(NetworksOptions options, EventSink& events, NetworkStore store, SandboxFiles files,
           network::NamespaceDirectory namespaces);

  // start.cpp
  Result<void> start();
  Result<void> restore_networks(network::NetlinkSocket& host, std::vector<api::Network> records);
  Result<std::vector<api::Network>> with_predefined(network::NetlinkSocket& host, std::vector<api::Network> records);
  Result<void> restore_sandboxes();
  Result<Network> bring_up(network::NetlinkSocket& host, const api::Network& record) const;
  network::Ruleset ruleset(network::HostForwarding forwarding);

  // sandboxes.cpp
  Result<std::vector<PlannedEndpoint>> plan_endpoints(const SandboxRequest& request, Rollback& undo);
  Result<PlannedEndpoint> plan_endpoint(Network& network, const SandboxRequest& request,
                                        const api::EndpointConfig& config, int index);
  Result<Sandbox> create_bridged(const SandboxRequest& request);
  Result<Sandbox> create_bare(const SandboxRequest& request, const std::string& network_name);
  Result<Sandbox> join(const SandboxRequest& request, const std::string& container_id);
  Result<void> publish(const SandboxRequest& request, const PlannedEndpoint& endpoint, SandboxRecord& record,
                       Rollback& undo);
  Result<void> keep(const SandboxRecord& record);
  Result<void> keep_change(const SandboxRecord& record);
  void release(const EndpointRecord& endpoint, const std::string& container_id);
  void withdraw(const SandboxRecord& record);
  std::optional<network::Address> host_gateway() const;
  void announce(const EndpointRecord& endpoint, const std::string& action, const std::string& container_id);

  // names.cpp
  Result<void> start_resolver(SandboxRecord& record, FdRef network_namespace);
  void restore_resolver(const SandboxRecord& record);
  void list_names(const SandboxRecord& record);

  // networks.cpp
  Result<std::string> find_id(const State& state, const std::string& reference) const;
  void announce(const api::Network& network, const std::string& action, const std::string& container_id = "");
  api::Network with_containers(const State& state, const Network& network) const;
  Result<void> drop_network(const std::string& id);

  // connect.cpp
  Result<api::EndpointSettings> connect_running(const std::string& network_id, const NetworkUser& user,
                                                const api::EndpointConfig& config);
  Result<void> disconnect_running(const std::string& network_id, const std::string& container_id);

  const NetworksOptions options_;
  const std::string owner_;  ///< of our firewall table and our bridges: engines share a machine
  EventSink& events_;
  NetworkUsers* users_ = nullptr;
  std::mutex changes_;  ///< held while networks come and go
  NetworkStore store_;
  const SandboxFiles files_;
  const network::NamespaceDirectory namespaces_;
  network::PortReservations ports_;
  std::unique_ptr<network::RuleTable> table_;
  uint32_t default_mtu_ = 1500;
  Guarded<State> state_;
  network::dns::Directory names_;
  std::unique_ptr<network::dns::Resolver> resolver_;
};

}  // namespace hull::engine
