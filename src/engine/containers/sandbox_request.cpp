#include "engine/containers/sandbox_request.h"

namespace hull::engine {

bool is_network_name(const std::string& network_mode) {
  return network_mode != "none" && network_mode != "host" && !network_mode.starts_with("container:");
}

SandboxRequest sandbox_request(const ContainerRecord& record, std::string files_directory) {
  SandboxRequest request;
  request.container_id = record.id;
  request.container_name = record.name;
  request.hostname = record.config.hostname;
  request.domain_name = record.config.domainname;
  request.network_mode = record.config.network_disabled ? "none" : record.host.network_mode;
  if (!record.config.network_disabled) request.endpoints = record.endpoints;
  // As docker has it: the mode's network, unless the container was disconnected from it and has others.
  if (is_network_name(request.network_mode) && request.endpoints.empty())
    request.endpoints.try_emplace(request.network_mode);
  for (const auto& [port, unused] : record.config.exposed_ports) request.exposed_ports.push_back(port);
  request.port_bindings = record.host.port_bindings.value_or(api::PortMap());
  request.publish_all_ports = record.host.publish_all_ports;
  const std::vector<std::string> none;
  request.dns = record.host.dns.value_or(none);
  request.dns_search = record.host.dns_search.value_or(none);
  request.dns_options = record.host.dns_options.value_or(none);
  request.extra_hosts = record.host.extra_hosts.value_or(none);
  request.files_directory = std::move(files_directory);
  return request;
}

}  // namespace hull::engine
