#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "network/ipam/address.h"

/// resolv.conf(5).
namespace hull::network {

struct ResolvConf {
  std::vector<std::string> nameservers;  ///< as written; may carry a zone ("fe80::1%eth0")
  std::vector<std::string> search;
  std::vector<std::string> options;
  bool operator==(const ResolvConf&) const = default;
};

/// Takes what it understands; of several search lines the last one counts, options add up.
ResolvConf parse_resolv_conf(std::string_view text);
std::string format_resolv_conf(const ResolvConf& conf);

/// What the user asked for in place of the host's; empty lists keep the host's. A search list of "." is none.
struct ResolvOverrides {
  std::vector<std::string> nameservers;
  std::vector<std::string> search;
  std::vector<std::string> options;
};
/// Errors: kInvalidArgument for a nameserver that is no address, or a word that holds blanks.
Result<void> validate(const ResolvOverrides& overrides);

enum class ContainerIpv6 { kNo, kYes };
/// The file for a container that has no resolver of its own beside it: servers on the host's loopback are out of its
/// reach and left out, IPv6 ones too where it has no IPv6; public ones stand in where none is left, as in docker.
ResolvConf container_resolv_conf(const ResolvConf& host, const ResolvOverrides& overrides, ContainerIpv6 ipv6);

/// The file for a container that asks the resolver beside it (dns/): nothing else as a server, and names without a dot
/// are names of containers first ("ndots:0"), unless the user says otherwise.
ResolvConf resolver_resolv_conf(const ResolvConf& host, const ResolvOverrides& overrides);

/// A server that the resolver sends on to.
struct ForwardServer {
  Address address;
  bool on_host_loopback = false;  ///< reached from the host's own network only
};
/// The user's, else the host's, else public ones. A user's loopback address is the container's.
std::vector<ForwardServer> forward_servers(const ResolvConf& host, const ResolvOverrides& overrides);

/// The host's, or, where that only names systemd's stub resolver, the one behind the stub. A missing file is empty.
std::string read_host_resolv_conf();

}  // namespace hull::network
