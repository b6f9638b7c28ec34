#include <map>

#include "base/text.h"
#include "cli/commands/network/network.h"
#include "cli/commands/objects.h"
#include "cli/values/environment.h"
#include "cli/values/networks.h"

namespace hull::cli {

namespace {

using Pairs = std::map<std::string, std::string>;

/// One address pool of a network.
struct Pool {
  std::string subnet;
  std::string ip_range;
  std::string gateway;
  Pairs auxiliary;
};
template <class V>
void describe(V& json, Pool& pool) {
  json.omit_empty("Subnet", pool.subnet);
  json.omit_empty("IPRange", pool.ip_range);
  json.omit_empty("Gateway", pool.gateway);
  json.omit_empty("AuxiliaryAddresses", pool.auxiliary);
}
struct Ipam {
  std::string driver = "default";
  Pairs options;
  std::vector<Pool> pools;
};
template <class V>
void describe(V& json, Ipam& ipam) {
  json.field("Driver", ipam.driver);
  json.field("Options", ipam.options);
  json.field("Config", ipam.pools);
}
struct ConfigFrom {
  std::string network;
};
template <class V>
void describe(V& json, ConfigFrom& from) {
  json.field("Network", from.network);
}
/// POST /networks/create.
struct NetworkRequest {
  std::string name;
  std::string driver = "bridge";
  std::string scope;
  std::optional<bool> ipv4;
  std::optional<bool> ipv6;
  Ipam ipam;
  bool internal = false;
  bool attachable = false;
  bool ingress = false;
  bool config_only = false;
  std::optional<ConfigFrom> config_from;
  Pairs options;
  Pairs labels;
};
template <class V>
void describe(V& json, NetworkRequest& request) {
  json.field("Name", request.name);
  json.field("Driver", request.driver);
  json.field("Scope", request.scope);
  json.optional("EnableIPv4", request.ipv4);
  json.optional("EnableIPv6", request.ipv6);
  json.field("IPAM", request.ipam);
  json.field("Internal", request.internal);
  json.field("Attachable", request.attachable);
  json.field("Ingress", request.ingress);
  json.field("ConfigOnly", request.config_only);
  json.optional("ConfigFrom", request.config_from);
  json.field("Options", request.options);
  json.field("Labels", request.labels);
}

struct NetworkCreateOptions {
  NetworkRequest request;
  bool ipv4 = true;
  bool ipv6 = false;
  std::string config_from;
  std::vector<std::string> subnets, ranges, gateways, auxiliary, ipam_options, options, labels;
};

void define_create(Flags& flags, NetworkCreateOptions& o) {
  flags.boolean("attachable", o.request.attachable, "Containers may be attached by hand");
  flags.list("aux-address", o.auxiliary, "Address that is taken, NAME=ADDRESS").type = "map";
  flags.text("config-from", o.config_from, "Network to take the configuration from");
  flags.boolean("config-only", o.request.config_only, "Make a configuration only");
  flags.text("d,driver", o.request.driver, "Driver of the network");
  flags.strings("gateway", o.gateways, "Gateway of a subnet");
  flags.boolean("ingress", o.request.ingress, "Make the swarm's routing mesh");
  flags.boolean("internal", o.request.internal, "No way out of the network");
  flags.strings("ip-range", o.ranges, "Part of a subnet to take addresses from");
  flags.text("ipam-driver", o.request.ipam.driver, "Driver for the addresses");
  flags.list("ipam-opt", o.ipam_options, "Option of that driver").type = "map";
  flags.boolean("ipv4", o.ipv4, "Give IPv4 addresses").api = 48;
  flags.boolean("ipv6", o.ipv6, "Give IPv6 addresses");
  flags.add("label", "list", "Label NAME=VALUE", [&o](std::string_view text) -> Result<void> {
    TRY(check_label(text));
    o.labels.emplace_back(text);
    return {};
  });
  flags.list("o,opt", o.options, "Option of the driver").type = "map";
  flags.text("scope", o.request.scope, "How far the network reaches");
  flags.strings("subnet", o.subnets, "Subnet in CIDR notation");
}

std::optional<uint32_t> ipv4_number(std::string_view text) {
  uint32_t number = 0;
  const auto parts = split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  for (const std::string_view part : parts) {
    const auto byte = parse_integer<uint8_t>(part);
    if (!byte) return std::nullopt;
    number = number << 8 | *byte;
  }
  return number;
}

/// Whether the subnet holds the address (or the start of the range). IPv6 goes by the text of its prefix.
bool holds(std::string_view subnet, std::string_view address) {
  const auto parts = cut(subnet, "/");
  if (!parts) return false;
  const std::string_view plain = address.substr(0, address.find('/'));
  const auto network = ipv4_number(parts->before), number = ipv4_number(plain);
  const auto bits = parse_integer<int>(parts->after);
  if (!bits || *bits < 0) return false;
  if (network && number && *bits <= 32) return *bits == 0 || (*network ^ *number) >> (32 - *bits) == 0;
  const std::string_view prefix = parts->before.substr(0, parts->before.find("::"));
  return !network && !number && plain.starts_with(prefix);
}

Result<void> assign(std::vector<Pool>& pools, const std::vector<std::string>& addresses, std::string Pool::*member,
                    const char* what) {
  for (const std::string& address : addresses) {
    bool placed = false;
    for (Pool& pool : pools) {
      if (!holds(pool.subnet, address)) continue;
      if (!(pool.*member).empty())
        return invalid_argument("cannot configure multiple " + std::string(what) + "s (" + address + ", " +
                                pool.*member + ") on the same subnet (" + pool.subnet + ")");
      pool.*member = address;
      placed = true;
      break;
    }
    if (!placed) return invalid_argument("no matching subnet for " + std::string(what) + " " + address);
  }
  return {};
}

Result<std::vector<Pool>> make_pools(const NetworkCreateOptions& options) {
  if (options.subnets.size() < options.ranges.size() || options.subnets.size() < options.gateways.size())
    return invalid_argument("every ip-range or gateway must have a corresponding subnet");
  std::vector<Pool> pools;
  for (const std::string& subnet : options.subnets) {
    for (const Pool& other : pools)
      if (holds(other.subnet, subnet) || holds(subnet, other.subnet))
        return invalid_argument("multiple overlapping subnet configuration is not supported");
    pools.push_back({.subnet = subnet, .ip_range = {}, .gateway = {}, .auxiliary = {}});
  }
  TRY(assign(pools, options.ranges, &Pool::ip_range, "range"));
  TRY(assign(pools, options.gateways, &Pool::gateway, "gateway"));
  for (const auto& [name, address] : to_map(options.auxiliary)) {
    bool placed = false;
    for (Pool& pool : pools) {
      if (!holds(pool.subnet, address)) continue;
      pool.auxiliary[name] = address;
      placed = true;
      break;
    }
    if (!placed) return invalid_argument("no matching subnet for aux-address " + address);
  }
  return pools;
}

Result<int> run_create(Cli& cli, const NetworkCreateOptions& options, const Invocation& invocation) {
  NetworkRequest request = options.request;
  request.name = invocation.arguments[0];
  request.ipam.pools = TRY(make_pools(options));
  request.ipam.options = to_map(options.ipam_options);
  request.options = to_map(options.options);
  request.labels = to_map(options.labels);
  if (!options.config_from.empty()) request.config_from = ConfigFrom{options.config_from};
  if (invocation.flags.changed("ipv4")) request.ipv4 = options.ipv4;
  if (invocation.flags.changed("ipv6")) request.ipv6 = options.ipv6;
  const json::Value made = TRY(TRY(cli.daemon())->post("/networks/create", {}, json::format(request)));
  if (const std::string warning = text_at(made, "Warning"); !warning.empty()) cli.complain("WARNING: " + warning);
  cli.print_line(text_at(made, "Id"));
  return 0;
}

struct ConnectRequest {
  std::string container;
  api::EndpointConfig endpoint;
};
template <class V>
void describe(V& json, ConnectRequest& request) {
  json.field("Container", request.container);
  json.field("EndpointConfig", request.endpoint);
}

struct ConnectOptions {
  NetworkAttachment endpoint;
  std::vector<std::string> driver_options;
};
void define_connect(Flags& flags, ConnectOptions& options) {
  flags.strings("alias", options.endpoint.aliases, "Further name of the container in the network");
  flags.strings("driver-opt", options.driver_options, "Option of the network's driver");
  flags
      .integer("gw-priority", options.endpoint.gateway_priority, "The network with the highest gives the default route")
      .api = 48;
  flags.text("ip", options.endpoint.ipv4, "IPv4 address (172.30.100.104)");
  flags.text("ip6", options.endpoint.ipv6, "IPv6 address (2001:db8::33)");
  flags.list("link", options.endpoint.links, "Container to link to");
  flags.strings("link-local-ip", options.endpoint.link_local_ips, "Link-local address");
}
Result<int> run_connect(Cli& cli, const ConnectOptions& options, const Invocation& invocation) {
  NetworkAttachment endpoint = options.endpoint;
  endpoint.name = invocation.arguments[0];
  endpoint.driver_options = to_map(options.driver_options);
  const ConnectRequest request{.container = invocation.arguments[1], .endpoint = make_endpoint(endpoint)};
  TRY(TRY(cli.daemon())->post("/networks/" + path_of(endpoint.name) + "/connect", {}, json::format(request)));
  return 0;
}

struct DisconnectRequest {
  std::string container;
  bool force = false;
};
template <class V>
void describe(V& json, DisconnectRequest& request) {
  json.field("Container", request.container);
  json.field("Force", request.force);
}
struct DisconnectOptions {
  bool force = false;
};
void define_disconnect(Flags& flags, DisconnectOptions& options) {
  flags.boolean("f,force", options.force, "Disconnect it whatever state it is in");
}
Result<int> run_disconnect(Cli& cli, const DisconnectOptions& options, const Invocation& invocation) {
  const DisconnectRequest request{.container = invocation.arguments[1], .force = options.force};
  TRY(TRY(cli.daemon())
          ->post("/networks/" + path_of(invocation.arguments[0]) + "/disconnect", {}, json::format(request)));
  return 0;
}

}  // namespace

constinit const Command kNetworkCreate = {.names = {"network create"},
                                          .synopsis = "[OPTIONS] NETWORK",
                                          .summary = "Make a network",
                                          .least = 1,
                                          .most = 1,
                                          .make = make_task<NetworkCreateOptions, define_create, run_create>};
constinit const Command kNetworkConnect = {.names = {"network connect"},
                                           .synopsis = "[OPTIONS] NETWORK CONTAINER",
                                           .summary = "Connect a container to a network",
                                           .least = 2,
                                           .most = 2,
                                           .make = make_task<ConnectOptions, define_connect, run_connect>};
constinit const Command kNetworkDisconnect = {.names = {"network disconnect"},
                                              .synopsis = "[OPTIONS] NETWORK CONTAINER",
                                              .summary = "Disconnect a container from a network",
                                              .least = 2,
                                              .most = 2,
                                              .make = make_task<DisconnectOptions, define_disconnect, run_disconnect>};

}  // namespace hull::cli
