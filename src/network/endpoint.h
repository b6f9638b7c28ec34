#pragma once

#include <set>
#include <string>
#include <vector>

#include "network/ipam/address.h"
#include "network/namespaces.h"
#include "network/netlink/links.h"

/// A bridge of the host, and a container's link to it.
namespace hull::network {

/// The bridge that a network stands on.
struct BridgePlan {
  std::string name;
  std::vector<InterfaceAddress> gateways;  ///< the bridge's own addresses
  uint32_t mtu = 1500;
};

/// Makes the bridge where it is missing, gives it the addresses that it lacks, brings it up, and lets the host's
/// loopback be published through it. What an existing bridge has beside that stays. Returns its index.
/// A bridge that it makes bears its owner's name from the beginning, in its alias.
/// Errors: kFailedPrecondition where a link of that name is no bridge.
Result<int> ensure_bridge(NetlinkSocket& host, const BridgePlan& plan, const std::string& owner);

/// Deletes the bridge where ensure_bridge() made it for this owner: an administrator's own stays. A missing one is no
/// error.
Result<void> remove_bridge(NetlinkSocket& host, const std::string& name, const std::string& owner);

/// Deletes this owner's bridges but those named and those that have a port: what a daemon left that was killed while it
/// made or removed a network.
Result<void> remove_unused_bridges(NetlinkSocket& host, const std::set<std::string>& keep, const std::string& owner);

/// One interface of a container.
struct EndpointPlan {
  std::string host_interface;  ///< "veth1234567"
  int bridge_index = 0;
  PortFlags port;         ///< hairpin: needed where the container reaches its own published ports over a bridge that
                          ///< netfilter sees (bridge-nf-call-iptables)
  std::string interface;  ///< "eth0"
  MacAddress mac{};
  uint32_t mtu = 1500;
  std::vector<InterfaceAddress> addresses;
  std::vector<Address> default_gateways;
};

/// Makes the pair, puts it on the bridge, and sets the container's end up. Undone by itself where a step fails. Returns
/// the index of the container's end.
Result<int> attach(NetlinkSocket& host, NetworkNamespace& sandbox, const EndpointPlan& plan);
/// Cuts the container off before its namespace is dropped: until the kernel has taken that down, some milliseconds
/// later, it would answer in the place of the next owner of its addresses.
Result<void> detach(NetlinkSocket& host, const std::string& host_interface);
/// Brings the loopback up; a namespace with nothing else is docker's network "none".
Result<void> bring_up_loopback(NetworkNamespace& sandbox);

/// Locally administered, from the IPv4 address (docker's 02:42:…), so that a MAC follows its address.
MacAddress mac_for(Address address);
MacAddress random_mac();

}  // namespace hull::network
