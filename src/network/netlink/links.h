#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "network/ipam/address.h"
#include "network/netlink/message.h"
#include "network/netlink/socket.h"

/// Requests to the kernel about links, addresses and routes. What returns a Message is sent by
/// NetlinkSocket::transact(), several at once where that saves waits.
namespace hull::network {

/// Six bytes of an Ethernet address.
using MacAddress = std::array<uint8_t, 6>;
std::string to_string(const MacAddress& address);
/// "02:42:ac:11:00:02". Errors: kInvalidArgument quotes the text.
Result<MacAddress> parse_mac(std::string_view text);

struct Link {
  int index = 0;
  std::string name;
  std::string kind;  ///< "bridge", "veth"; empty for hardware
  uint32_t mtu = 0;
  bool up = false;
  int master = 0;     ///< index of the bridge whose port this is; 0 where it is none
  std::string alias;  ///< a note that somebody left on it
};

/// Both ends of a veth pair; the peer is made inside its namespace.
struct VethRequest {
  std::string host_name;
  int bridge_index = 0;
  FdRef peer_namespace;
  std::string peer_name;
  MacAddress peer_mac{};
  uint32_t mtu = 1500;
};

enum class Ipv6LinkLocal { kNone, kKernel };

/// With an address of its own: otherwise it takes that of a port, and another one when that port goes, which
/// containers' neighbour caches don't follow.
Message make_bridge(const std::string& name, uint32_t mtu, const MacAddress& mac);
Message make_veth(const VethRequest& request);
/// Host ends need no link-local address: without one the kernel sends nothing by itself on them.
Message set_ipv6_link_local(int index, const std::string& name, Ipv6LinkLocal choice);
Message set_up(int index, const std::string& name);
Message set_alias(const std::string& name, const std::string& alias);
/// What a port of a bridge does beside passing frames on.
struct PortFlags {
  bool isolated = false;  ///< reaches only ports that are not
  bool hairpin = false;   ///< may send a frame back by where it came
};
Message set_port_flags(const std::string& name, PortFlags flags);
/// Passes nothing any more, and what the bridge learned about it is forgotten: cheap, where taking the port off the
/// bridge waits for RCU.
Message silence_port(int index, const std::string& name);
/// Makes the kernel act at once on what it knows of the link's carrier: else a worker of its own does that some
/// milliseconds later, and until then a bridge port drops every frame, so that a container's first packets, ARP among
/// them, would be lost and repeated after a second. Source: Linux, net/core/link_watch.c; ethtool's "get link" waits
/// for it.
Result<void> settle_carrier(NetlinkSocket& socket, const std::string& name);
/// Errors: kNotFound.
Result<int> index_of(const std::string& name);
Message delete_link(int index, const std::string& name);
/// IPv6 addresses are usable at once (no duplicate address detection: IPAM gave them out).
Message add_address(int index, const InterfaceAddress& address);
Message delete_address(int index, const InterfaceAddress& address);
Message add_default_route(int index, Address gateway);
Message delete_default_route(int index, Address gateway);

/// Errors: kNotFound.
Result<Link> find_link(NetlinkSocket& socket, const std::string& name);
Result<std::vector<Link>> list_links(NetlinkSocket& socket);
/// Of one link, or of all with index 0.
Result<std::vector<InterfaceAddress>> list_addresses(NetlinkSocket& socket, int index);
/// Destinations of all routes but default ones, local and broadcast ones left out.
Result<std::vector<Subnet>> list_routed_subnets(NetlinkSocket& socket);
/// The index of the link that the IPv4 default route leaves by.
Result<std::optional<int>> default_route_link(NetlinkSocket& socket);

}  // namespace hull::network
