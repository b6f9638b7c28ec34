#include "engine/networks/networks.h"

#include <algorithm>

#include "base/log.h"
#include "engine/networks/filters.h"

namespace hull::engine {
namespace {

using network::Subnet;

}  // namespace

Result<std::string> Networks::find_id(const State& state, const std::string& reference) const {
  if (state.networks.contains(reference)) return reference;
  std::vector<std::string> by_prefix;
  for (const auto& [id, network] : state.networks) {
    if (network.record.name == reference) return id;
    if (reference == "default" && network.record.name == "bridge") return id;
    if (!reference.empty() && id.starts_with(reference)) by_prefix.push_back(id);
  }
  if (by_prefix.size() == 1) return by_prefix.front();
  if (by_prefix.size() > 1)
    return invalid_argument("network " + reference + " is ambiguous (" + std::to_string(by_prefix.size()) +
                            " matches found based on ID prefix)");
  return not_found("network " + reference + " not found");
}

Result<api::NetworkCreateResponse> Networks::create_network(const api::NetworkCreate& create) {
  TRY(engine::validate(create));
  std::lock_guard lock(changes_);
  std::vector<Subnet> taken;
  TRY(state_.with([&](const State& state) -> Result<void> {
    for (const auto& [id, network] : state.networks) {
      if (network.record.name == create.name)
        return already_exists("network with name " + create.name + " already exists");
      taken.insert(taken.end(), network.rules.subnets.begin(), network.rules.subnets.end());
    }
    return {};
  }));
  auto host = TRY(network::NetlinkSocket::open());
  const std::span<const network::SubnetSource> sources = options_.default_address_pools.empty()
                                                             ? network::default_subnet_sources()
                                                             : std::span(options_.default_address_pools);
  const api::Network record = TRY(define_network(create, sources, taken, TRY(network::list_routed_subnets(host))));
  const std::string bridge = TRY(lay_out_bridge(record, default_mtu_)).bridge.name;
  if (network::find_link(host, bridge).ok())
    return conflict("cannot create network " + create.name + ": interface " + bridge + " already exists");
  Network network = TRY(bring_up(host, record));
  Rollback undo;
  undo.add([&] { return network::remove_bridge(host, bridge, owner_); });
  TRY(table_->add_bridge(network.rules));
  undo.add([&] { return table_->remove_bridge(bridge); });
  TRY(store_.save(record));
  undo.commit();
  state_.with([&](State& state) { state.networks.emplace(record.id, std::move(network)); });
  announce(record, "create");
  return api::NetworkCreateResponse{record.id, ""};
}

api::Network Networks::with_containers(const State& state, const Network& network) const {
  api::Network view = network.record;
  for (const std::string& id : network.users) {
    const auto sandbox = state.sandboxes.find(id);
    if (sandbox == state.sandboxes.end()) continue;
    for (const EndpointRecord& endpoint : sandbox->second.endpoints) {
      if (endpoint.network_id != view.id) continue;
      const api::EndpointSettings& settings = endpoint.settings;
      const std::string address =
          settings.ip_address.empty() ? "" : settings.ip_address + "/" + std::to_string(settings.ip_prefix_length);
      view.containers[id] = {sandbox->second.container_name, settings.endpoint_id, settings.mac_address, address, ""};
    }
  }
  return view;
}

Result<api::Network> Networks::inspect(const std::string& reference) const {
  return state_.with([&](const State& state) -> Result<api::Network> {
    return with_containers(state, state.networks.at(TRY(find_id(state, reference))));
  });
}

Result<std::vector<api::Network>> Networks::list(const NetworkFilters& filters) const {
  TRY(validate_network_filters(filters));
  std::vector<api::Network> networks;
  state_.with([&](const State& state) {
    for (const auto& [id, network] : state.networks)
      if (matches(network.record, filters, !network.users.empty())) networks.push_back(network.record);
  });
  std::ranges::sort(networks, {}, &api::Network::name);
  return networks;
}

Result<void> Networks::drop_network(const std::string& id) {
  // Nobody can come to use it from here on.
  auto taken = TRY(state_.with([&](State& state) -> Result<std::map<std::string, Network>::node_type> {
    const auto found = state.networks.find(id);
    if (found == state.networks.end()) return not_found("network " + id + " not found");
    if (found->second.users.empty()) return state.networks.extract(found);
    const api::Network view = with_containers(state, found->second);
    std::string users;
    for (const auto& [container, endpoint] : view.containers)
      users += (users.empty() ? "" : ", ") +
               ("name:\"" + endpoint.name + "\" id:\"" + endpoint.endpoint_id.substr(0, 12) + "\"");
    return Error(Code::kPermissionDenied,
                 "error while removing network: network " + view.name + " has active endpoints (" + users + ")");
  }));
  if (auto removed = store_.remove(id); !removed.ok()) {
    state_.with([&](State& state) { state.networks.insert(std::move(taken)); });
    return removed;
  }
  const Network& network = taken.mapped();
  if (network.bridge_index != 0) {
    TRY(table_->remove_bridge(network.rules.bridge));
    auto host = TRY(network::NetlinkSocket::open());
    TRY(network::remove_bridge(host, network.rules.bridge, owner_));
  }
  announce(network.record, "destroy");
  return {};
}

Result<void> Networks::remove_network(const std::string& reference) {
  std::lock_guard lock(changes_);
  const api::Network network = TRY(inspect(reference));
  if (is_predefined(network.name))
    return Error(Code::kPermissionDenied, network.name + " is a pre-defined network and cannot be removed");
  return drop_network(network.id);
}

Result<api::NetworksPruneReport> Networks::prune(const NetworkFilters& filters) {
  TRY(validate_network_prune_filters(filters));
  std::lock_guard lock(changes_);
  api::NetworksPruneReport report;
  for (const api::Network& network : TRY(list({}))) {
    if (is_predefined(network.name) || !TRY(matches_prune(network, filters))) continue;
    // Another container may have come meanwhile; then it is in use and stays.
    if (!drop_network(network.id).ok()) continue;
    if (!report.deleted) report.deleted.emplace();
    report.deleted->push_back(network.name);
  }
  return report;
}

void Networks::announce(const api::Network& network, const std::string& action, const std::string& container_id) {
  Event event{"network", action, network.id, {{"name", network.name}, {"type", network.driver}}, {}};
  if (!container_id.empty()) event.attributes["container"] = container_id;
  events_.publish(std::move(event));
}

Result<void> Networks::shut_down() {
  std::lock_guard lock(changes_);
  std::vector<Network> networks;
  const bool in_use = state_.with([&](const State& state) {
    for (const auto& [id, network] : state.networks) networks.push_back(network);
    return !state.sandboxes.empty();
  });
  if (in_use) return {};
  auto host = TRY(network::NetlinkSocket::open());
  for (const Network& network : networks)
    if (network.bridge_index != 0)
      if (auto deleted = network::remove_bridge(host, network.rules.bridge, owner_); !deleted.ok())
        logging::warn("remove bridge", {{"bridge", network.rules.bridge}, {"error", deleted.error().message()}});
  if (table_) TRY(table_->remove());
  return namespaces_.close();
}

}  // namespace hull::engine
