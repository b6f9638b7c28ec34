#include <algorithm>
#include <cstdio>

#include "base/files.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "engine/networks/networks.h"

namespace hull::engine {
namespace {

using network::InterfaceAddress;
using network::Subnet;

constexpr char kIpForward[] = "/proc/sys/net/ipv4/ip_forward";

/// Several engines live on one machine: each has a table, and bridges, that bear a name after its data root.
std::string owner_name(const std::string& data_root) {
  if (data_root == "/var/lib/hull") return "hull";
  uint32_t hash = 2166136261;  // FNV-1a
  for (const unsigned char c : data_root) hash = (hash ^ c) * 16777619;
  char name[16];
  std::snprintf(name, sizeof name, "hull-%08x", hash);
  return name;
}

/// The host forwards for our containers only, if it did not forward before we came; that is remembered until the
/// machine restarts.
Result<network::HostForwarding> host_forwarding(const std::string& mark) {
  if (exists(mark)) return network::HostForwarding::kWasOff;
  if (trim(TRY(read_file(kIpForward, 1_KiB))) != "0") return network::HostForwarding::kWasOn;
  TRY(replace_file(mark, "", 0600, Durable::kNo));
  return network::HostForwarding::kWasOff;
}

Result<uint32_t> uplink_mtu(network::NetlinkSocket& host) {
  const auto index = TRY(network::default_route_link(host));
  for (const network::Link& link : TRY(network::list_links(host)))
    if (index && link.index == *index) return link.mtu;
  return 1500u;
}

api::Network predefined(const std::string& name, const std::string& driver) {
  api::Network made;
  made.name = name;
  made.id = random_hex(64);
  made.created = now();
  made.driver = driver;
  return made;
}

std::optional<InterfaceAddress> ipv4_of(network::NetlinkSocket& host, const std::string& interface) {
  const auto link = network::find_link(host, interface);
  if (!link.ok()) return std::nullopt;
  for (const InterfaceAddress& address :
       network::list_addresses(host, link->index).value_or(std::vector<InterfaceAddress>()))
    if (address.address.is_ipv4()) return address;
  return std::nullopt;
}

/// As the flag says; else what the bridge has, if an administrator or our last start made it; else what it had before
/// the machine was restarted; else the first subnet that is free.
Result<InterfaceAddress> default_bridge_address(const NetworksOptions& options, network::NetlinkSocket& host,
                                                const std::vector<api::Network>& records, const api::Network& bridge) {
  if (!options.bip.empty()) {
    const auto address = InterfaceAddress::parse(options.bip);
    if (!address.ok() || !address->address.is_ipv4() || address->subnet().last_offset() < 3 ||
        address->address == address->subnet().base())
      return invalid_argument("--bip " + options.bip + ": expected an IPv4 address of a host and its prefix length");
    return *address;
  }
  if (const auto address = ipv4_of(host, options.bridge)) return *address;
  std::vector<Subnet> taken = TRY(network::list_routed_subnets(host));
  if (bridge.ipam.config && !bridge.ipam.config->empty()) {
    const Subnet subnet = TRY(Subnet::parse(bridge.ipam.config->front().subnet));
    const auto overlaps = [&](const Subnet& other) { return other.overlaps(subnet); };
    if (std::ranges::none_of(taken, overlaps))
      return InterfaceAddress{TRY(network::Address::parse(bridge.ipam.config->front().gateway)), subnet.length()};
  }
  for (const api::Network& record : records)
    if (record.id != bridge.id && record.ipam.config)
      for (const api::IpamConfig& config : *record.ipam.config) taken.push_back(TRY(Subnet::parse(config.subnet)));
  const Subnet chosen = TRY(network::choose_subnet(network::default_bridge_sources(), taken));
  return InterfaceAddress{chosen.at(1), chosen.length()};
}

std::map<std::string, std::string> default_bridge_options(const std::string& bridge, uint32_t mtu) {
  return {{std::string(kBridgeName), bridge},     {std::string(kDefaultBridge), "true"},
          {std::string(kEnableIcc), "true"},      {std::string(kMasquerade), "true"},
          {std::string(kHostBinding), "0.0.0.0"}, {std::string(kMtu), std::to_string(mtu)}};
}

api::Network* find_named(std::vector<api::Network>& records, std::string_view name) {
  const auto found = std::ranges::find(records, name, &api::Network::name);
  return found == records.end() ? nullptr : &*found;
}

}  // namespace

Networks::Networks(NetworksOptions options, EventSink& events, NetworkStore store, SandboxFiles files,
                   network::NamespaceDirectory namespaces)
    : options_(std::move(options)),
      owner_(owner_name(options_.data_root)),
      events_(events),
      store_(std::move(store)),
      files_(std::move(files)),
      namespaces_(std::move(namespaces)) {}

Result<std::unique_ptr<Networks>> Networks::open(NetworksOptions options, EventSink& events) {
  TRY(make_directories(options.data_root, 0711));
  NetworkStore store = TRY(NetworkStore::open(options.data_root + "/networks.db"));
  SandboxFiles files = TRY(SandboxFiles::open(options.exec_root + "/network/sandboxes"));
  auto namespaces = TRY(network::NamespaceDirectory::open(options.exec_root + "/netns"));
  std::unique_ptr<Networks> networks(
      new Networks(std::move(options), events, std::move(store), std::move(files), std::move(namespaces)));
  if (auto started = networks->start(); !started.ok()) {
    // What stands from before stays; where nothing does, a start that failed leaves nothing.
    (void)networks->shut_down().ok();
    return std::move(started).error();
  }
  return networks;
}

Result<void> Networks::start() {
  resolver_ = TRY(network::dns::Resolver::create(names_));
  auto host = TRY(network::NetlinkSocket::open());
  default_mtu_ = options_.mtu != 0 ? options_.mtu : TRY(uplink_mtu(host));
  TRY(restore_networks(host, TRY(with_predefined(host, TRY(store_.load())))));
  TRY(restore_sandboxes());
  const auto forwarding = TRY(host_forwarding(options_.exec_root + "/network/forwarding-was-off"));
  table_ = TRY(network::RuleTable::open(owner_, ruleset(forwarding)));
  if (table_->host_drops_forwarding())
    logging::warn(
        "the host's firewall drops forwarded traffic, containers' included, unless a rule of its own accepts it",
        {{"chain", "ip filter FORWARD"}, {"remedy", "accept our bridges there (with Docker: in DOCKER-USER)"}});
  // Only now: where the host did not forward, the table keeps others' traffic from it.
  return write_existing(kIpForward, "1");
}

Result<std::vector<api::Network>> Networks::with_predefined(network::NetlinkSocket& host,
                                                            std::vector<api::Network> records) {
  for (const auto& [name, driver] : {std::pair("host", "host"), std::pair("none", "null")})
    if (!find_named(records, name)) {
      records.push_back(predefined(name, driver));
      TRY(store_.save(records.back()));
    }
  if (options_.bridge == "none") {
    std::erase_if(records, [](const api::Network& record) { return record.name == "bridge"; });
    return records;
  }
  if (!find_named(records, "bridge")) records.push_back(predefined("bridge", "bridge"));
  api::Network& bridge = *find_named(records, "bridge");
  const std::string before = json::format(bridge);
  const InterfaceAddress address = TRY(default_bridge_address(options_, host, records, bridge));
  bridge.options = default_bridge_options(options_.bridge, default_mtu_);
  bridge.ipam.config = {{address.subnet().text(), "", address.address.text(), {}}};
  if (json::format(bridge) != before) TRY(store_.save(bridge));
  return records;
}

Result<Networks::Network> Networks::bring_up(network::NetlinkSocket& host, const api::Network& record) const {
  Network network;
  network.record = record;
  if (record.driver != "bridge") return network;
  BridgeLayout layout = TRY(lay_out_bridge(record, default_mtu_));
  network.bridge_index = TRY(network::ensure_bridge(host, layout.bridge, owner_));
  network.pools = std::move(layout.pools);
  network.rules = std::move(layout.rules);
  network.mtu = layout.bridge.mtu;
  network.host_binding = layout.host_binding;
  return network;
}

Result<void> Networks::restore_networks(network::NetlinkSocket& host, std::vector<api::Network> records) {
  std::map<std::string, Network> networks;
  for (const api::Network& record : records) {
    auto network = bring_up(host, record);
    if (network.ok()) {
      networks.emplace(record.id, std::move(network).value());
      continue;
    }
    // One broken network (its bridge's name taken by another link, say) must not keep the engine from starting.
    if (record.name == "bridge") return std::move(network).error().context("set up network bridge");
    logging::error("set up network", {{"network", record.name}, {"error", network.error().message()}});
    Network without_links;
    without_links.record = record;
    networks.emplace(record.id, std::move(without_links));
  }
  std::set<std::string> bridges;
  for (const api::Network& record : records)
    if (const auto layout = lay_out_bridge(record, default_mtu_); layout.ok()) bridges.insert(layout->bridge.name);
  state_.with([&](State& state) { state.networks = std::move(networks); });
  if (auto removed = network::remove_unused_bridges(host, bridges, owner_); !removed.ok())
    logging::warn("remove bridges that no network has", {{"error", removed.error().message()}});
  return {};
}

Result<void> Networks::restore_sandboxes() {
  for (SandboxRecord& record : TRY(files_.load())) {
    if (record.owns_namespace && !namespaces_.stands(record.container_id)) {
      // The machine was restarted, or the container's removal was cut short.
      TRY(namespaces_.remove(record.container_id));
      TRY(files_.remove(record.container_id));
      continue;
    }
    for (const PublicationRecord& publication : record.publications) {
      const auto port = TRY(to_published_port(publication));
      ports_.adopt({port.protocol, port.host_address, port.host_port}, record.container_name);
    }
    state_.with([&](State& state) {
      for (const EndpointRecord& endpoint : record.endpoints) {
        const auto network = state.networks.find(endpoint.network_id);
        if (network == state.networks.end()) continue;
        network->second.users.insert(record.container_id);
        const auto address = network::Address::parse(endpoint.settings.ip_address);
        if (!address.ok()) continue;
        for (network::AddressPool& pool : network->second.pools)
          if (auto held = pool.reserve(*address); !held.ok())
            logging::warn("hold a container's address again", {{"address", address->text()}});
      }
      state.sandboxes.emplace(record.container_id, record);
    });
    list_names(record);
    if (record.resolver) restore_resolver(record);
  }
  return {};
}

network::Ruleset Networks::ruleset(network::HostForwarding forwarding) {
  network::Ruleset rules;
  rules.host_forwarding = forwarding;
  state_.with([&](const State& state) {
    for (const auto& [id, network] : state.networks)
      if (network.bridge_index != 0) rules.bridges.push_back(network.rules);
    for (const auto& [id, sandbox] : state.sandboxes)
      for (const PublicationRecord& publication : sandbox.publications)
        if (auto port = to_published_port(publication); port.ok()) rules.ports.push_back(*port);
  });
  return rules;
}

}  // namespace hull::engine
