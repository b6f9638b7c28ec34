#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/network/endpoint.h"
#include "base/json.h"
#include "network/nft/ruleset.h"

/// What is remembered of a sandbox in <exec-root>/network/sandboxes/<container id>.json: it lives as long as the
/// network namespace, so a restart of the machine takes both.
namespace hull::engine {

struct EndpointRecord {
  std::string network_id;
  std::string network_name;
  std::string host_interface;
  std::string interface;
  int32_t interface_index = 0;
  api::EndpointSettings settings;
};
template <class V>
void describe(V& json, EndpointRecord& endpoint) {
  json.required("networkId", endpoint.network_id);
  json.required("networkName", endpoint.network_name);
  json.field("hostInterface", endpoint.host_interface);
  json.field("interface", endpoint.interface);
  json.field("interfaceIndex", endpoint.interface_index);
  json.required("settings", endpoint.settings);
}

/// One published port, as text so that the file can be read by people.
struct PublicationRecord {
  std::string port;  ///< the container's, "80/tcp"
  std::string container_address;
  std::string host_address;
  uint16_t host_port = 0;
};
template <class V>
void describe(V& json, PublicationRecord& publication) {
  json.required("port", publication.port);
  json.required("containerAddress", publication.container_address);
  json.required("hostAddress", publication.host_address);
  json.required("hostPort", publication.host_port);
}
Result<network::PublishedPort> to_published_port(const PublicationRecord& record);

/// What the container's user asked for of resolv.conf.
struct ResolvRecord {
  std::vector<std::string> servers;
  std::vector<std::string> search;
  std::vector<std::string> options;
};
template <class V>
void describe(V& json, ResolvRecord& resolv) {
  json.field("servers", resolv.servers);
  json.field("search", resolv.search);
  json.field("options", resolv.options);
}

/// The resolver beside a container on a network with names.
struct ResolverRecord {
  uint16_t udp_port = 0;
  uint16_t tcp_port = 0;
};
template <class V>
void describe(V& json, ResolverRecord& resolver) {
  json.required("udpPort", resolver.udp_port);
  json.required("tcpPort", resolver.tcp_port);
}

struct SandboxRecord {
  std::string container_id;
  std::string container_name;
  std::string sandbox_id;
  std::string network_mode;
  std::string netns_path;  ///< empty: the host's, or another container's that is no longer there
  bool owns_namespace = false;
  std::string files_directory;
  std::string host_names;  ///< of /etc/hosts: "web.example.org web"
  std::vector<EndpointRecord> endpoints;
  std::vector<PublicationRecord> publications;
  api::PortMap ports;
  ResolvRecord resolv;
  std::optional<ResolverRecord> resolver;
};
template <class V>
void describe(V& json, SandboxRecord& sandbox) {
  json.required("containerId", sandbox.container_id);
  json.field("containerName", sandbox.container_name);
  json.required("sandboxId", sandbox.sandbox_id);
  json.required("networkMode", sandbox.network_mode);
  json.field("netnsPath", sandbox.netns_path);
  json.field("ownsNamespace", sandbox.owns_namespace);
  json.field("filesDirectory", sandbox.files_directory);
  json.field("hostNames", sandbox.host_names);
  json.field("endpoints", sandbox.endpoints);
  json.field("publications", sandbox.publications);
  json.field("ports", sandbox.ports);
  json.field("resolv", sandbox.resolv);
  json.optional("resolver", sandbox.resolver);
}

/// Whether one of its networks has names.
bool has_names(const SandboxRecord& record);

/// The files of all sandboxes.
class SandboxFiles {
 public:
  static Result<SandboxFiles> open(const std::string& directory);
  Result<void> save(const SandboxRecord& record) const;
  /// A missing one is no error.
  Result<void> remove(const std::string& container_id) const;
  /// Unreadable ones are logged and left out.
  Result<std::vector<SandboxRecord>> load() const;

 private:
  explicit SandboxFiles(std::string directory) : directory_(std::move(directory)) {}
  std::string path_of(const std::string& container_id) const { return directory_ + "/" + container_id + ".json"; }
  std::string directory_;
};

}  // namespace hull::engine
