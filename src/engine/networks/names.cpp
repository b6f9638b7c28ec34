#include <algorithm>

#include "base/log.h"
#include "engine/networks/container_files.h"
#include "engine/networks/networks.h"
#include "network/files/resolv_conf.h"

/// Names of containers, and the resolvers that answer to them.
namespace hull::engine {
namespace {

using network::Address;

/// A container on an internal network has no route to anywhere else.
bool is_internal(const SandboxRecord& record) {
  return std::ranges::all_of(record.endpoints, [](const EndpointRecord& e) { return e.settings.gateway.empty(); });
}

std::vector<network::dns::Server> servers_of(const SandboxRecord& record) {
  const network::ResolvConf host = network::parse_resolv_conf(network::read_host_resolv_conf());
  std::vector<network::dns::Server> servers;
  for (const network::ForwardServer& server : network::forward_servers(host, overrides_of(record.resolv)))
    servers.push_back({.address = server.address, .from_host = server.on_host_loopback});
  return servers;
}

std::vector<network::dns::Listing> listings_of(const SandboxRecord& record) {
  std::vector<network::dns::Listing> listings;
  for (const EndpointRecord& endpoint : record.endpoints) {
    network::dns::Listing listing{endpoint.network_id, endpoint.network_name, {}, {}};
    listing.names = endpoint.settings.dns_names.value_or(std::vector<std::string>());
    if (const auto address = Address::parse(endpoint.settings.ip_address); address.ok())
      listing.addresses.push_back(*address);
    listings.push_back(std::move(listing));
  }
  return listings;
}

}  // namespace

void Networks::list_names(const SandboxRecord& record) {
  names_.list(record.container_id, listings_of(record));
  if (record.resolver) resolver_->set_internal(record.container_id, is_internal(record));
}

Result<void> Networks::start_resolver(SandboxRecord& record, FdRef network_namespace) {
  network::dns::Ports earlier;
  if (record.resolver) earlier = {record.resolver->udp_port, record.resolver->tcp_port};
  const auto ports =
      TRY(resolver_->serve({record.container_id, network_namespace, servers_of(record), is_internal(record)}, earlier));
  record.resolver = {ports.udp, ports.tcp};
  return {};
}

/// After a restart of the engine; a container whose resolver cannot be served runs on without names.
void Networks::restore_resolver(const SandboxRecord& record) {
  const auto restored = [&]() -> Result<void> {
    const auto space = TRY(namespaces_.open_namespace(record.container_id));
    SandboxRecord changed = record;
    TRY(start_resolver(changed, space.fd));
    return keep(changed);
  }();
  if (!restored.ok())
    logging::error("serve names again", {{"container", record.container_id}, {"error", restored.error().message()}});
}

void Networks::rename(const std::string& container_id, const std::string& name) {
  auto renamed = state_.with([&](const State& state) -> std::optional<SandboxRecord> {
    const auto found = state.sandboxes.find(container_id);
    return found == state.sandboxes.end() ? std::nullopt : std::optional(found->second);
  });
  if (!renamed) return;
  for (EndpointRecord& endpoint : renamed->endpoints) {
    auto& names = endpoint.settings.dns_names;
    if (!names) continue;
    std::erase(*names, name);
    std::ranges::replace(*names, renamed->container_name, name);
  }
  renamed->container_name = name;
  if (auto kept = keep_change(*renamed); !kept.ok())
    logging::warn("remember container's new name", {{"container", container_id}, {"error", kept.error().message()}});
}

}  // namespace hull::engine
