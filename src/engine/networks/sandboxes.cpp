#include <algorithm>

#include "base/ids.h"
#include "base/log.h"
#include "engine/networks/container_files.h"
#include "engine/networks/networks.h"
#include "network/netlink/conntrack.h"

/// The SandboxProvider half of Networks.
namespace hull::engine {
namespace {

using network::Address;

constexpr std::string_view kContainerMode = "container:";

std::string mode_of(const SandboxRequest& request) {
  if (request.network_mode.empty() || request.network_mode == "default") return "bridge";
  return request.network_mode;
}

/// The mode's network first, where it is among them or there are none, then the others in the order of their names.
/// Keys may be ids or "default", too.
std::vector<std::pair<std::string, api::EndpointConfig>> wanted_endpoints(const SandboxRequest& request) {
  const std::string mode = mode_of(request);
  std::vector<std::pair<std::string, api::EndpointConfig>> wanted;
  for (const auto& [name, config] : request.endpoints) {
    const bool is_mode = name == mode || (name == "default" && mode == "bridge");
    wanted.emplace(is_mode ? wanted.begin() : wanted.end(), is_mode ? mode : name, config);
  }
  if (wanted.empty()) wanted.emplace_back(mode, api::EndpointConfig());
  return wanted;
}

Result<Address> take_address(std::vector<network::AddressPool>& pools, const std::string& asked,
                             const api::Network& network) {
  if (pools.empty())
    return failed_precondition("network " + network.name + " could not be set up at the engine's start");
  network::AddressPool& pool = pools.front();
  if (asked.empty()) {
    auto address = pool.allocate();
    if (address.ok()) return address;
    return Error(Code::kResourceExhausted, "no available IPv4 addresses on this network's address pools: " +
                                               network.name + " (" + network.id + ")");
  }
  const Address address = TRY(Address::parse(asked));
  TRY(pool.reserve(address));
  return address;
}

/// A user may choose an address only where the network's subnet is the user's choice, too: docker's rule.
Result<void> validate_endpoint(const api::Network& network, const api::EndpointConfig& config) {
  if (!config.mac_address.empty()) TRY(network::parse_mac(config.mac_address));
  if (config.links && !config.links->empty()) return unimplemented("links are not built yet");
  if (config.driver_options && !config.driver_options->empty())
    return unimplemented("endpoint option " + config.driver_options->begin()->first + " is not built yet");
  if (!config.ipam_config) return {};
  const api::EndpointIpamConfig& ipam = *config.ipam_config;
  if (!ipam.link_local_ips.empty()) return unimplemented("link-local addresses are not built yet");
  if (!ipam.ipv6_address.empty()) return unimplemented("IPv6 address " + ipam.ipv6_address + ": not built yet");
  if (ipam.ipv4_address.empty()) return {};
  const auto address = Address::parse(ipam.ipv4_address);
  if (!address.ok() || !address->is_ipv4()) return invalid_argument("invalid IPv4 address: " + ipam.ipv4_address);
  if (is_predefined(network.name))
    return invalid_argument("user specified IP address is supported on user defined networks only");
  for (const api::IpamConfig& subnet : network.ipam.config.value_or(std::vector<api::IpamConfig>()))
    if (TRY(network::Subnet::parse(subnet.subnet)).contains(*address)) return {};
  return invalid_argument("invalid config for network " + network.name +
                          ": invalid endpoint settings:\nno configured subnet contains IP address " +
                          ipam.ipv4_address);
}

std::optional<std::vector<std::string>> dns_names(const api::Network& network, const SandboxRequest& request,
                                                  const api::EndpointConfig& config) {
  if (is_predefined(network.name)) return std::nullopt;
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  add(request.container_name);
  for (const std::string& alias : config.aliases.value_or(std::vector<std::string>())) add(alias);
  add(request.container_id.substr(0, 12));
  add(request.hostname);
  return names;
}

Sandbox view_of(const SandboxRecord& record) {
  Sandbox sandbox{record.netns_path, {}, record.ports, record.sandbox_id};
  for (const EndpointRecord& endpoint : record.endpoints) sandbox.endpoints[endpoint.network_name] = endpoint.settings;
  return sandbox;
}

SandboxRecord new_record(const SandboxRequest& request) {
  SandboxRecord record;
  record.container_id = request.container_id;
  record.container_name = request.container_name;
  record.sandbox_id = random_hex(64);
  record.network_mode = mode_of(request);
  record.files_directory = request.files_directory;
  record.host_names = own_names(request);
  record.resolv = {request.dns, request.dns_search, request.dns_options};
  return record;
}

}  // namespace

std::optional<Address> Networks::host_gateway() const {
  return state_.with([](const State& state) -> std::optional<Address> {
    for (const auto& [id, network] : state.networks)
      if (network.record.name == "bridge" && network.record.ipam.config)
        return Address::parse(network.record.ipam.config->front().gateway).value_or(Address());
    return std::nullopt;
  });
}

Result<void> Networks::validate(const SandboxRequest& request) {
  TRY(validate_files(request, host_gateway()));
  TRY(plan_ports(request, Address()));
  TRY(exposed_ports(request));
  if (mode_of(request).starts_with(kContainerMode)) return {};
  return state_.with([&](const State& state) -> Result<void> {
    for (const auto& [name, config] : wanted_endpoints(request))
      TRY(validate_endpoint(state.networks.at(TRY(find_id(state, name))).record, config));
    return {};
  });
}

Result<Sandbox> Networks::create(const SandboxRequest& request) {
  TRY(validate(request));
  TRY(remove(request.container_id));  // of an earlier run that was cut short
  const std::string mode = mode_of(request);
  if (mode.starts_with(kContainerMode)) return join(request, mode.substr(kContainerMode.size()));
  const std::string driver = TRY(state_.with([&](const State& state) -> Result<std::string> {
    return state.networks.at(TRY(find_id(state, mode))).record.driver;
  }));
  if (driver == "bridge") return create_bridged(request);
  if (request.endpoints.size() > (request.endpoints.contains(mode) ? 1u : 0u))
    return Error(Code::kPermissionDenied,
                 "container cannot be connected to network " + mode + " and to another network at once");
  return create_bare(request, mode);
}

Result<Networks::PlannedEndpoint> Networks::plan_endpoint(Network& network, const SandboxRequest& request,
                                                          const api::EndpointConfig& config, int index) {
  TRY(validate_endpoint(network.record, config));
  const auto asked = config.ipam_config.value_or(api::EndpointIpamConfig()).ipv4_address;
  const Address address = TRY(take_address(network.pools, asked, network.record));
  const network::Subnet subnet = network.pools.front().subnet();
  const std::string gateway = network.record.ipam.config->front().gateway;
  const std::string interface = "eth" + std::to_string(index);
  PlannedEndpoint planned;
  const auto mac = config.mac_address.empty() ? network::mac_for(address) : TRY(network::parse_mac(config.mac_address));
  planned.plan = {"veth" + random_hex(7),
                  network.bridge_index,
                  {!network.rules.connects_containers, false},
                  interface,
                  mac,
                  network.mtu,
                  {{address, subnet.length()}},
                  {}};
  api::EndpointSettings settings;
  static_cast<api::EndpointConfig&>(settings) = config;
  settings.mac_address = network::to_string(planned.plan.mac);
  settings.network_id = network.record.id;
  settings.endpoint_id = random_hex(64);
  settings.gateway = network.record.internal ? "" : gateway;
  settings.ip_address = address.text();
  settings.ip_prefix_length = subnet.length();
  settings.dns_names = dns_names(network.record, request, config);
  planned.record = {network.record.id,  network.record.name, planned.plan.host_interface, interface, 0,
                    std::move(settings)};
  planned.host_binding = network.host_binding;
  planned.internal = network.record.internal;
  network.users.insert(request.container_id);
  return planned;
}

Result<std::vector<Networks::PlannedEndpoint>> Networks::plan_endpoints(const SandboxRequest& request, Rollback& undo) {
  std::vector<PlannedEndpoint> endpoints;
  TRY(state_.with([&](State& state) -> Result<void> {
    for (const auto& [name, config] : wanted_endpoints(request)) {
      Network& network = state.networks.at(TRY(find_id(state, name)));
      if (network.record.driver != "bridge")
        return Error(Code::kPermissionDenied, "container cannot be connected to network " + network.record.name +
                                                  " and to another network at once");
      endpoints.push_back(TRY(plan_endpoint(network, request, config, static_cast<int>(endpoints.size()))));
      undo.add([this, record = endpoints.back().record, id = request.container_id]() -> Result<void> {
        release(record, id);
        return {};
      });
    }
    return {};
  }));
  return endpoints;
}

namespace {

/// The endpoint that the default route leaves by: highest priority, then first name; internal networks have none.
template <class Endpoints>
auto* gateway_endpoint(Endpoints& endpoints) {
  typename Endpoints::value_type* best = nullptr;
  for (auto& endpoint : endpoints) {
    if (endpoint.internal) continue;
    const auto rank = [](const auto& e) {
      return std::pair(-e.record.settings.gateway_priority, e.record.network_name);
    };
    if (!best || rank(endpoint) < rank(*best)) best = &endpoint;
  }
  return best;
}

}  // namespace

Result<Sandbox> Networks::create_bridged(const SandboxRequest& request) {
  auto host = TRY(network::NetlinkSocket::open());
  Rollback undo;  // its steps use what is made before it only
  std::vector<PlannedEndpoint> endpoints = TRY(plan_endpoints(request, undo));
  SandboxRecord record = new_record(request);
  record.owns_namespace = true;
  record.netns_path = namespaces_.path_of(request.container_id);
  record.ports = TRY(exposed_ports(request));
  PlannedEndpoint* gateway = gateway_endpoint(endpoints);
  if (gateway) {
    gateway->plan.default_gateways = {TRY(Address::parse(gateway->record.settings.gateway))};
    TRY(publish(request, *gateway, record, undo));
    gateway->plan.port.hairpin = !record.publications.empty();
  }
  auto space = TRY(namespaces_.create(request.container_id));
  undo.add([this, &request] { return namespaces_.remove(request.container_id); });
  TRY(bring_up_loopback(space));
  FilesContext files{{}, host_gateway(), FilesContext::Network::kBridge};
  for (PlannedEndpoint& endpoint : endpoints) {
    endpoint.record.interface_index =
        TRY(attach(host, space, endpoint.plan)
                .context("create endpoint " + request.container_name + " on network " + endpoint.record.network_name));
    undo.add([&host, interface = endpoint.plan.host_interface] { return detach(host, interface); });
    record.endpoints.push_back(endpoint.record);
    files.addresses.push_back(endpoint.record.settings.ip_address);
  }
  if (has_names(record)) {
    TRY(start_resolver(record, space.fd));
    undo.add([this, &request]() -> Result<void> {
      resolver_->forget(request.container_id);
      return {};
    });
    files.network = FilesContext::Network::kNamed;
  }
  TRY(write_files(request, files));
  TRY(keep(record));
  undo.commit();
  for (const EndpointRecord& endpoint : record.endpoints) announce(endpoint, "connect", request.container_id);
  return view_of(record);
}

namespace {

Result<void> forget_udp_flows(const network::PublishedPort& port) {
  auto netfilter = TRY(network::NetlinkSocket::open(NETLINK_NETFILTER));
  auto host = TRY(network::NetlinkSocket::open());
  std::set<Address> own;
  for (const network::InterfaceAddress& address : TRY(network::list_addresses(host, 0))) own.insert(address.address);
  // Flows to this container, and those to the host that began when nobody had the port and would never be sent on.
  const auto stale = [&](const network::TrackedFlow& flow) {
    return flow.answered_by == port.container_address ||
           (flow.answered_by == flow.destination && own.contains(flow.destination));
  };
  return network::forget_flows(netfilter, port.protocol, port.host_port, stale);
}

void forget_flows(const std::vector<network::PublishedPort>& ports) {
  for (const network::PublishedPort& port : ports) {
    if (port.protocol != api::Protocol::kUdp || !port.host_address.is_ipv4()) continue;
    if (auto done = forget_udp_flows(port); !done.ok())
      logging::warn("forget flows of a published port", {{"port", port.host_port}, {"error", done.error().message()}});
  }
}

}  // namespace

Result<void> Networks::publish(const SandboxRequest& request, const PlannedEndpoint& endpoint, SandboxRecord& record,
                               Rollback& undo) {
  std::vector<network::PublishedPort> published;
  const Address container = TRY(Address::parse(endpoint.record.settings.ip_address));
  for (const WantedPort& wanted : TRY(plan_ports(request, endpoint.host_binding.value_or(Address())))) {
    const auto held =
        TRY(ports_.reserve(wanted.port.protocol, wanted.host_address, wanted.host_ports, request.container_name)
                .context("driver failed programming external connectivity on endpoint " + request.container_name +
                         " (" + endpoint.record.settings.endpoint_id + ")"));
    undo.add([this, held]() -> Result<void> {
      ports_.release(held);
      return {};
    });
    published.push_back({held.protocol, held.address, held.number, container, wanted.port.number});
    record.publications.push_back({to_string(wanted.port), container.text(), held.address.text(), held.number});
    auto& bindings = record.ports[to_string(wanted.port)];
    if (!bindings) bindings.emplace();
    bindings->push_back({held.address.text(), std::to_string(held.number)});
  }
  TRY(table_->publish(published));
  forget_flows(published);
  undo.add([this, published]() -> Result<void> {
    table_->unpublish(published);
    return {};
  });
  return {};
}

Result<Sandbox> Networks::create_bare(const SandboxRequest& request, const std::string& network_name) {
  const api::Network network = TRY(inspect(network_name));
  SandboxRecord record = new_record(request);
  Rollback undo;
  if (network.driver == "null") {
    auto space = TRY(namespaces_.create(request.container_id));
    undo.add([&] { return namespaces_.remove(request.container_id); });
    TRY(bring_up_loopback(space));
    record.owns_namespace = true;
    record.netns_path = namespaces_.path_of(request.container_id);
  }
  EndpointRecord endpoint;
  endpoint.network_id = endpoint.settings.network_id = network.id;
  endpoint.network_name = network.name;
  endpoint.settings.endpoint_id = random_hex(64);
  record.endpoints.push_back(endpoint);
  const auto kind = network.driver == "null" ? FilesContext::Network::kNone : FilesContext::Network::kHost;
  TRY(write_files(request, {{}, host_gateway(), kind}));
  TRY(keep(record));
  undo.commit();
  state_.with([&](State& state) { state.networks.at(network.id).users.insert(request.container_id); });
  announce(endpoint, "connect", request.container_id);
  return view_of(record);
}

Result<Sandbox> Networks::join(const SandboxRequest& request, const std::string& container_id) {
  const auto other = state_.with([&](const State& state) -> std::optional<SandboxRecord> {
    const auto found = state.sandboxes.find(container_id);
    return found == state.sandboxes.end() ? std::nullopt : std::optional(found->second);
  });
  if (!other) return conflict("cannot join network of a non running container: " + container_id);
  SandboxRecord record = new_record(request);
  record.netns_path = other->netns_path;
  // hosts, hostname and resolv.conf are the other container's; its family mounts those.
  TRY(keep(record));
  return view_of(record);
}

Result<void> Networks::keep(const SandboxRecord& record) {
  TRY(files_.save(record));
  state_.with([&](State& state) { state.sandboxes.insert_or_assign(record.container_id, record); });
  list_names(record);
  return {};
}

/// Of a sandbox that stands: one that was removed does not come back.
Result<void> Networks::keep_change(const SandboxRecord& record) {
  const bool stands = state_.with([&](const State& state) { return state.sandboxes.contains(record.container_id); });
  return stands ? keep(record) : not_found("no sandbox of container " + record.container_id);
}

void Networks::release(const EndpointRecord& endpoint, const std::string& container_id) {
  state_.with([&](State& state) {
    const auto network = state.networks.find(endpoint.network_id);
    if (network == state.networks.end()) return;
    network->second.users.erase(container_id);
    if (const auto address = Address::parse(endpoint.settings.ip_address); address.ok())
      for (network::AddressPool& pool : network->second.pools) pool.release(*address);
  });
}

void Networks::withdraw(const SandboxRecord& record) {
  if (record.resolver) resolver_->forget(record.container_id);
  std::vector<network::PublishedPort> published;
  for (const PublicationRecord& publication : record.publications)
    if (auto port = to_published_port(publication); port.ok()) published.push_back(*port);
  table_->unpublish(published);
  forget_flows(published);
  for (const network::PublishedPort& port : published)
    ports_.release({port.protocol, port.host_address, port.host_port});
  auto host = network::NetlinkSocket::open();
  for (const EndpointRecord& endpoint : record.endpoints) {
    if (host.ok() && !endpoint.host_interface.empty())
      if (auto cut_off = detach(*host, endpoint.host_interface); !cut_off.ok())
        logging::debug("cut off endpoint", {{"error", cut_off.error().message()}});
    release(endpoint, record.container_id);
  }
}

Result<void> Networks::remove(const std::string& container_id) {
  const auto record = state_.with([&](State& state) -> std::optional<SandboxRecord> {
    const auto found = state.sandboxes.find(container_id);
    if (found == state.sandboxes.end()) return std::nullopt;
    SandboxRecord taken = std::move(found->second);
    state.sandboxes.erase(found);
    return taken;
  });
  names_.remove(container_id);
  if (record) withdraw(*record);
  TRY(namespaces_.remove(container_id));
  TRY(files_.remove(container_id));
  if (record)
    for (const EndpointRecord& endpoint : record->endpoints) announce(endpoint, "disconnect", container_id);
  return {};
}

Result<Sandbox> Networks::adopt(const SandboxRequest& request) {
  return state_.with([&](const State& state) -> Result<Sandbox> {
    const auto found = state.sandboxes.find(request.container_id);
    if (found == state.sandboxes.end()) return not_found("no sandbox of container " + request.container_id);
    return view_of(found->second);
  });
}

void Networks::sweep(const std::vector<std::string>& running_containers) {
  std::set<std::string> known = state_.with([](const State& state) {
    std::set<std::string> ids;
    for (const auto& [id, record] : state.sandboxes) ids.insert(id);
    return ids;
  });
  // Namespaces without a record: made by a daemon that died before it wrote one.
  if (const auto names = namespaces_.list(); names.ok()) known.insert(names->begin(), names->end());
  for (const std::string& id : known) {
    if (std::ranges::find(running_containers, id) != running_containers.end()) continue;
    logging::info("remove left-over sandbox", {{"container", id}});
    if (auto removed = remove(id); !removed.ok())
      logging::warn("remove left-over sandbox", {{"container", id}, {"error", removed.error().message()}});
  }
}

void Networks::announce(const EndpointRecord& endpoint, const std::string& action, const std::string& container_id) {
  const auto network = inspect(endpoint.network_id);
  if (network.ok()) announce(*network, action, container_id);
}

}  // namespace hull::engine
