#include "network/endpoint.h"

#include <net/if.h>

#include <algorithm>

#include "base/files.h"
#include "base/ids.h"
#include "base/rollback.h"
#include "base/text.h"

namespace hull::network {
namespace {

constexpr int kLoopbackIndex = 1;

std::string alias_of(const std::string& owner) { return "made by " + owner; }

bool belongs_to(const Link& link, const std::string& owner) {
  return link.kind == "bridge" && link.alias == alias_of(owner);
}

bool host_has_ipv6() { return exists("/proc/sys/net/ipv6/conf"); }

bool has_ipv6(const std::vector<InterfaceAddress>& addresses) {
  return std::ranges::any_of(addresses, [](const InterfaceAddress& a) { return !a.address.is_ipv4(); });
}

/// New interfaces of a sandbox start without IPv6 (NamespaceDirectory::create).
Result<void> enable_ipv6(FdRef sandbox, const std::string& interface) {
  return run_in_namespace(
      sandbox, [&] { return write_existing("/proc/sys/net/ipv6/conf/" + interface + "/disable_ipv6", "0"); });
}

Result<void> make_pair(NetlinkSocket& host, const NetworkNamespace& sandbox, const EndpointPlan& plan) {
  std::vector<Message> messages;
  messages.push_back(
      make_veth({plan.host_interface, plan.bridge_index, sandbox.fd, plan.interface, plan.mac, plan.mtu}));
  if (host_has_ipv6()) messages.push_back(set_ipv6_link_local(0, plan.host_interface, Ipv6LinkLocal::kNone));
  if (plan.port.isolated || plan.port.hairpin) messages.push_back(set_port_flags(plan.host_interface, plan.port));
  return host.transact(messages);
}

Result<void> set_up_container_end(NetworkNamespace& sandbox, const EndpointPlan& plan, int index) {
  std::vector<Message> messages = {set_up(index, plan.interface)};
  for (const InterfaceAddress& address : plan.addresses) messages.push_back(add_address(index, address));
  for (const Address& gateway : plan.default_gateways) messages.push_back(add_default_route(index, gateway));
  return sandbox.socket.transact(messages);
}

}  // namespace

Result<int> ensure_bridge(NetlinkSocket& host, const BridgePlan& plan, const std::string& owner) {
  auto link = find_link(host, plan.name);
  if (link.is(Code::kNotFound)) {
    const Message steps[] = {make_bridge(plan.name, plan.mtu, random_mac()), set_alias(plan.name, alias_of(owner))};
    TRY(host.transact(steps));
    link = find_link(host, plan.name);
  }
  const Link bridge = TRY(std::move(link));
  if (bridge.kind != "bridge") return failed_precondition("link " + plan.name + " exists and is no bridge");
  std::vector<Message> messages;
  const std::vector<InterfaceAddress> present = TRY(list_addresses(host, bridge.index));
  for (const InterfaceAddress& gateway : plan.gateways)
    if (std::ranges::find(present, gateway) == present.end()) messages.push_back(add_address(bridge.index, gateway));
  if (!bridge.up) messages.push_back(set_up(bridge.index, plan.name));
  if (!messages.empty()) TRY(host.transact(messages));
  // Lets packets from 127.0.0.1 leave by the bridge once they are sent on to a container; the firewall keeps
  // containers from using it the other way round.
  TRY(write_existing("/proc/sys/net/ipv4/conf/" + plan.name + "/route_localnet", "1"));
  return bridge.index;
}

Result<void> remove_bridge(NetlinkSocket& host, const std::string& name, const std::string& owner) {
  const auto link = find_link(host, name);
  if (link.is(Code::kNotFound)) return {};
  if (!link.ok()) return link.error();
  return belongs_to(*link, owner) ? host.transact(delete_link(link->index, name)) : Result<void>();
}

Result<void> remove_unused_bridges(NetlinkSocket& host, const std::set<std::string>& keep, const std::string& owner) {
  const std::vector<Link> links = TRY(list_links(host));
  for (const Link& link : links) {
    const bool used = std::ranges::find(links, link.index, &Link::master) != links.end();
    if (belongs_to(link, owner) && !used && !keep.contains(link.name))
      TRY(host.transact(delete_link(link.index, link.name)));
  }
  return {};
}

Result<int> attach(NetlinkSocket& host, NetworkNamespace& sandbox, const EndpointPlan& plan) {
  TRY(make_pair(host, sandbox, plan));
  Rollback undo;
  undo.add([&]() -> Result<void> {
    return host.transact(delete_link(TRY(index_of(plan.host_interface)), plan.host_interface));
  });
  // The kernel numbers on, also after links that are gone, and the one in the container may have made some.
  const int index = TRY(find_link(sandbox.socket, plan.interface)).index;
  if (has_ipv6(plan.addresses)) TRY(enable_ipv6(sandbox.fd, plan.interface));
  TRY(set_up_container_end(sandbox, plan, index));
  TRY(settle_carrier(host, plan.host_interface));
  // The bridge comes up with its first live port.
  char bridge[IF_NAMESIZE];
  if (plan.bridge_index != 0 && ::if_indextoname(static_cast<unsigned>(plan.bridge_index), bridge))
    TRY(settle_carrier(host, bridge));
  undo.commit();
  return index;
}

Result<void> detach(NetlinkSocket& host, const std::string& host_interface) {
  return host.transact(silence_port(TRY(index_of(host_interface)), host_interface));
}

Result<void> bring_up_loopback(NetworkNamespace& sandbox) {
  return sandbox.socket.transact(set_up(kLoopbackIndex, "lo"));
}

MacAddress mac_for(Address address) {
  CHECK(address.is_ipv4());
  MacAddress mac{0x02, 0x42};
  const std::string bytes = address.bytes();
  std::copy(bytes.begin(), bytes.end(), mac.begin() + 2);
  return mac;
}

MacAddress random_mac() {
  MacAddress mac{};
  const std::string hex = random_hex(12);
  for (size_t i = 0; i < mac.size(); ++i) mac[i] = *parse_integer<uint8_t>(hex.substr(2 * i, 2), 16);
  mac[0] = static_cast<uint8_t>((mac[0] & 0xfe) | 0x02);
  return mac;
}

}  // namespace hull::network
