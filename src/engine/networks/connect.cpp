#include <algorithm>

#include "base/log.h"
#include "engine/networks/container_files.h"
#include "engine/networks/networks.h"

/// Networks that come to and go from containers that exist.
namespace hull::engine {
namespace {

using network::Address;

Error forbidden(std::string message) { return {Code::kPermissionDenied, std::move(message)}; }

/// The lowest ethN that the sandbox has not.
int free_index(const SandboxRecord& sandbox) {
  for (int index = 0;; ++index)
    if (std::ranges::none_of(sandbox.endpoints,
                             [&](const EndpointRecord& e) { return e.interface == "eth" + std::to_string(index); }))
      return index;
}

}  // namespace

/// The container first, then the networks: a start that has the container never waits for changes.
Result<void> Networks::connect(const Call& call, const std::string& network, const std::string& container,
                               const api::EndpointConfig& config) {
  CHECK(users_ != nullptr);
  TRY(inspect(network));
  const auto held = TRY(users_->hold(call, container));
  std::lock_guard lock(changes_);
  const api::Network target = TRY(inspect(network));
  const NetworkUser user = held->on_network(target.name);
  if (target.driver == "host") return forbidden("container cannot be connected to host network after it was created");
  if (target.driver == "null" || user.network_mode == "none")
    return forbidden(
        "container cannot be connected to multiple networks with one of the networks in private (none) mode");
  if (user.network_mode == "host" || user.network_mode.starts_with("container:"))
    return forbidden(
        "container sharing network namespace with another container or host cannot be connected to any "
        "other network");
  if (user.endpoint) return forbidden("endpoint with name " + user.name + " already exists in network " + target.name);
  api::EndpointSettings settings;
  static_cast<api::EndpointConfig&>(settings) = config;
  settings.network_id = target.id;
  if (user.running) {
    settings = TRY(connect_running(target.id, user, config));
  } else {
    SandboxRequest request;
    request.network_mode = target.name;
    request.endpoints[target.name] = config;
    TRY(validate(request));
  }
  auto remembered = held->remember_endpoint(target.name, settings);
  if (!remembered.ok() && user.running)
    if (auto undone = disconnect_running(target.id, user.id); !undone.ok())
      logging::warn("take a connection back", {{"container", user.id}, {"error", undone.error().message()}});
  return remembered;
}

Result<api::EndpointSettings> Networks::connect_running(const std::string& network_id, const NetworkUser& user,
                                                        const api::EndpointConfig& config) {
  SandboxRequest request;
  request.container_id = user.id;
  request.container_name = user.name;
  SandboxRecord sandbox = TRY(state_.with([&](const State& state) -> Result<SandboxRecord> {
    const auto found = state.sandboxes.find(user.id);
    if (found == state.sandboxes.end() || !found->second.owns_namespace)
      return conflict("container " + user.id + " has no network namespace of its own");
    return found->second;
  }));
  auto host = TRY(network::NetlinkSocket::open());
  auto space = TRY(namespaces_.open_namespace(user.id));
  auto planned = TRY(state_.with([&](State& state) {
    return plan_endpoint(state.networks.at(network_id), request, config, free_index(sandbox));
  }));
  Rollback undo;  // its steps use what is made before it only
  undo.add([&]() -> Result<void> {
    release(planned.record, user.id);
    return {};
  });
  // A container that was on internal networks only gets its way out; else the present one stays.
  const bool has_gateway =
      std::ranges::any_of(sandbox.endpoints, [](const EndpointRecord& e) { return !e.settings.gateway.empty(); });
  if (!has_gateway && !planned.internal)
    planned.plan.default_gateways = {TRY(Address::parse(planned.record.settings.gateway))};
  planned.record.interface_index = TRY(attach(host, space, planned.plan));
  undo.add([&] {
    return space.socket.transact(network::delete_link(planned.record.interface_index, planned.record.interface));
  });
  TRY(add_own_address(sandbox.files_directory, planned.record.settings.ip_address, sandbox.host_names));
  sandbox.endpoints.push_back(planned.record);
  if (!sandbox.resolver && has_names(sandbox)) {
    TRY(start_resolver(sandbox, space.fd));
    undo.add([&]() -> Result<void> {
      resolver_->forget(user.id);
      return {};
    });
    TRY(lead_to_resolver(sandbox.files_directory, sandbox.resolv));
  }
  TRY(keep_change(sandbox));
  undo.commit();
  announce(planned.record, "connect", user.id);
  return planned.record.settings;
}

Result<void> Networks::disconnect(const Call& call, const std::string& network, const std::string& container,
                                  bool force) {
  CHECK(users_ != nullptr);
  TRY(inspect(network));
  const auto held = users_->hold(call, container);
  std::lock_guard lock(changes_);
  const api::Network target = TRY(inspect(network));
  if (!held.ok()) {
    // force: the container may be gone while its endpoint was left behind.
    if (!held.is(Code::kNotFound) || !force || !target.containers.contains(container)) return held.error();
    return disconnect_running(target.id, container);
  }
  const NetworkUser user = (*held)->on_network(target.name);
  if (target.driver == "host")
    return forbidden("container cannot be disconnected from host network - network mode was set at creation");
  if (!user.endpoint) return forbidden("container " + user.id + " is not connected to the network " + target.name);
  if (user.running) TRY(disconnect_running(target.id, user.id));
  return (*held)->forget_endpoint(target.name);
}

Result<void> Networks::disconnect_running(const std::string& network_id, const std::string& container_id) {
  SandboxRecord sandbox = TRY(state_.with([&](const State& state) -> Result<SandboxRecord> {
    const auto found = state.sandboxes.find(container_id);
    if (found == state.sandboxes.end()) return not_found("no sandbox of container " + container_id);
    return found->second;
  }));
  const auto found = std::ranges::find(sandbox.endpoints, network_id, &EndpointRecord::network_id);
  if (found == sandbox.endpoints.end())
    return forbidden("container " + container_id + " is not connected to the network " + network_id);
  const EndpointRecord endpoint = *found;
  sandbox.endpoints.erase(found);
  if (!endpoint.interface.empty()) {
    auto space = TRY(namespaces_.open_namespace(container_id));
    TRY(space.socket.transact(network::delete_link(endpoint.interface_index, endpoint.interface)));
    // The way out, if it led there, leads on through the first of the others.
    for (const EndpointRecord& other : sandbox.endpoints)
      if (!endpoint.settings.gateway.empty() && !other.settings.gateway.empty()) {
        TRY(space.socket.transact(
            network::add_default_route(other.interface_index, TRY(Address::parse(other.settings.gateway)))));
        break;
      }
  }
  if (auto removed = remove_own_address(sandbox.files_directory, endpoint.settings.ip_address, sandbox.host_names);
      !removed.ok())
    logging::warn("change hosts file", {{"container", container_id}, {"error", removed.error().message()}});
  TRY(keep_change(sandbox));
  release(endpoint, container_id);
  announce(endpoint, "disconnect", container_id);
  return {};
}

}  // namespace hull::engine
