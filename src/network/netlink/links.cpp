#include "network/netlink/links.h"

#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/text.h"

namespace hull::network {
namespace {

constexpr uint16_t kMake = NLM_F_CREATE | NLM_F_EXCL;

ifinfomsg link_header(int index) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = index;
  return header;
}

std::string_view bytes_of(const MacAddress& mac) { return {reinterpret_cast<const char*>(mac.data()), mac.size()}; }

uint8_t family_of(Family family) { return family == Family::kIpv4 ? AF_INET : AF_INET6; }

Message address_message(uint16_t type, uint16_t flags, int index, const InterfaceAddress& address,
                        const std::string& what) {
  ifaddrmsg header{};
  header.ifa_family = family_of(address.address.family());
  header.ifa_prefixlen = static_cast<uint8_t>(address.length);
  header.ifa_flags = address.address.is_ipv4() ? 0 : IFA_F_NODAD;
  header.ifa_index = static_cast<uint32_t>(index);
  Message message(type, flags, header, what + " " + address.text());
  message.bytes(IFA_LOCAL, address.address.bytes()).bytes(IFA_ADDRESS, address.address.bytes());
  if (address.address.is_ipv4() && address.length < 31) message.bytes(IFA_BROADCAST, address.subnet().last().bytes());
  return message;
}

Message default_route_message(uint16_t type, uint16_t flags, int index, Address gateway, const std::string& what) {
  rtmsg header{};
  header.rtm_family = family_of(gateway.family());
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  Message message(type, flags, header, what + " default route through " + gateway.text());
  message.bytes(RTA_GATEWAY, gateway.bytes()).u32(RTA_OIF, static_cast<uint32_t>(index));
  return message;
}

/// Begun: two nests are open for the caller to end.
Message port_message(const std::string& name, const std::string& what) {
  Message message(RTM_NEWLINK, 0, link_header(0), what + " " + name);
  message.text(IFLA_IFNAME, name);
  message.begin(IFLA_LINKINFO).text(IFLA_INFO_SLAVE_KIND, "bridge").begin(IFLA_INFO_SLAVE_DATA);
  return message;
}

std::string_view text_of(const Attributes& attributes, uint16_t kind) {
  const auto found = attributes.find(kind);
  if (found == attributes.end()) return {};
  return found->second.substr(0, found->second.find('\0'));
}

std::optional<Address> address_of(const Attributes& attributes, uint16_t kind) {
  const auto found = attributes.find(kind);
  if (found == attributes.end() || (found->second.size() != 4 && found->second.size() != 16)) return std::nullopt;
  return Address::from_bytes({reinterpret_cast<const uint8_t*>(found->second.data()), found->second.size()});
}

/// The header at the front of a payload; attributes follow it.
template <class Header>
std::optional<Header> header_of(std::string_view payload) {
  if (payload.size() < sizeof(Header)) return std::nullopt;
  Header header;
  std::memcpy(&header, payload.data(), sizeof header);
  return header;
}
template <class Header>
Attributes attributes_of(std::string_view payload) {
  return parse_attributes(payload.substr(std::min<size_t>(payload.size(), NLMSG_ALIGN(sizeof(Header)))));
}

struct Route {
  Subnet destination;
  int link = 0;
  uint32_t priority = 0;
};
Result<std::vector<Route>> list_routes(NetlinkSocket& socket) {
  std::vector<Route> routes;
  const Message request(RTM_GETROUTE, 0, rtmsg{}, "list routes");
  TRY(socket.dump(request, [&](uint16_t, std::string_view payload) {
    const auto header = header_of<rtmsg>(payload);
    if (!header || header->rtm_type != RTN_UNICAST || (header->rtm_family != AF_INET && header->rtm_family != AF_INET6))
      return;
    const Attributes attributes = attributes_of<rtmsg>(payload);
    const Family family = header->rtm_family == AF_INET ? Family::kIpv4 : Family::kIpv6;
    const Address destination = address_of(attributes, RTA_DST).value_or(Address::any(family));
    routes.push_back({Subnet(destination, header->rtm_dst_len), static_cast<int>(as_u32(attributes, RTA_OIF)),
                      as_u32(attributes, RTA_PRIORITY)});
  }));
  return routes;
}

}  // namespace

std::string to_string(const MacAddress& mac) {
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
  return text;
}

Result<MacAddress> parse_mac(std::string_view text) {
  const auto parts = split(text, text.find('-') != std::string_view::npos ? '-' : ':');
  MacAddress mac{};
  bool sound = parts.size() == mac.size();
  for (size_t i = 0; sound && i < mac.size(); ++i) {
    const auto byte = parse_integer<uint8_t>(parts[i], 16);
    sound = byte && parts[i].size() == 2;
    mac[i] = byte.value_or(0);
  }
  // A group address can be nobody's own.
  if (!sound || mac[0] & 1) return invalid_argument("invalid MAC address: \"" + std::string(text) + "\"");
  return mac;
}

Message make_bridge(const std::string& name, uint32_t mtu, const MacAddress& mac) {
  Message message(RTM_NEWLINK, kMake, link_header(0), "make bridge " + name);
  message.text(IFLA_IFNAME, name).u32(IFLA_MTU, mtu).bytes(IFLA_ADDRESS, bytes_of(mac));
  message.begin(IFLA_LINKINFO).text(IFLA_INFO_KIND, "bridge").end();
  return message;
}

Message make_veth(const VethRequest& request) {
  ifinfomsg host = link_header(0);
  host.ifi_flags = host.ifi_change = IFF_UP;
  Message message(RTM_NEWLINK, kMake, host, "make veth " + request.host_name);
  message.text(IFLA_IFNAME, request.host_name).u32(IFLA_MTU, request.mtu);
  if (request.bridge_index) message.u32(IFLA_MASTER, static_cast<uint32_t>(request.bridge_index));
  message.begin(IFLA_LINKINFO).text(IFLA_INFO_KIND, "veth").begin(IFLA_INFO_DATA).begin(VETH_INFO_PEER);
  message.structure(link_header(0))
      .text(IFLA_IFNAME, request.peer_name)
      .u32(IFLA_MTU, request.mtu)
      .bytes(IFLA_ADDRESS, bytes_of(request.peer_mac))
      .u32(IFLA_NET_NS_FD, static_cast<uint32_t>(request.peer_namespace.get()));
  message.end().end().end();
  return message;
}

Message set_ipv6_link_local(int index, const std::string& name, Ipv6LinkLocal choice) {
  Message message(RTM_NEWLINK, 0, link_header(index), "set IPv6 address mode of " + name);
  if (index == 0) message.text(IFLA_IFNAME, name);
  message.begin(IFLA_AF_SPEC).begin(AF_INET6);
  message.u8(IFLA_INET6_ADDR_GEN_MODE,
             choice == Ipv6LinkLocal::kNone ? IN6_ADDR_GEN_MODE_NONE : IN6_ADDR_GEN_MODE_EUI64);
  message.end().end();
  return message;
}

Message set_up(int index, const std::string& name) {
  ifinfomsg header = link_header(index);
  header.ifi_flags = header.ifi_change = IFF_UP;
  Message message(RTM_NEWLINK, 0, header, "bring up " + name);
  if (index == 0) message.text(IFLA_IFNAME, name);
  return message;
}

Message set_alias(const std::string& name, const std::string& alias) {
  Message message(RTM_NEWLINK, 0, link_header(0), "set alias of " + name);
  message.text(IFLA_IFNAME, name).text(IFLA_IFALIAS, alias);
  return message;
}

Message set_port_flags(const std::string& name, PortFlags flags) {
  Message message = port_message(name, "set flags of bridge port");
  message.u8(IFLA_BRPORT_ISOLATED, flags.isolated).u8(IFLA_BRPORT_MODE, flags.hairpin);
  return std::move(message.end().end());
}

Message silence_port(int index, const std::string& name) {
  // The bridge's own family: a change through IFLA_LINKINFO is announced in a way that enables the port again.
  ifinfomsg header = link_header(index);
  header.ifi_family = AF_BRIDGE;
  Message message(RTM_SETLINK, 0, header, "silence bridge port " + name);
  message.begin(IFLA_PROTINFO).u8(IFLA_BRPORT_STATE, BR_STATE_DISABLED).bytes(IFLA_BRPORT_FLUSH, "").end();
  return message;
}

Result<void> settle_carrier(NetlinkSocket& socket, const std::string& name) {
  ethtool_value value{ETHTOOL_GLINK, 0};
  ifreq request{};
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  request.ifr_data = reinterpret_cast<char*>(&value);
  if (::ioctl(socket.fd().get(), SIOCETHTOOL, &request) == -1)
    return Error::from_errno(errno, "read carrier of " + name);
  return {};
}

Result<int> index_of(const std::string& name) {
  const unsigned index = ::if_nametoindex(name.c_str());
  if (index == 0) return Error::from_errno(errno, "find link " + name);
  return static_cast<int>(index);
}

Message delete_link(int index, const std::string& name) {
  return Message(RTM_DELLINK, 0, link_header(index), "delete link " + name);
}

Message add_address(int index, const InterfaceAddress& address) {
  return address_message(RTM_NEWADDR, kMake, index, address, "add address");
}

Message delete_address(int index, const InterfaceAddress& address) {
  return address_message(RTM_DELADDR, 0, index, address, "delete address");
}

Message add_default_route(int index, Address gateway) {
  return default_route_message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, index, gateway, "add");
}

Message delete_default_route(int index, Address gateway) {
  return default_route_message(RTM_DELROUTE, 0, index, gateway, "delete");
}

Result<std::vector<Link>> list_links(NetlinkSocket& socket) {
  std::vector<Link> links;
  const Message request(RTM_GETLINK, 0, link_header(0), "list links");
  TRY(socket.dump(request, [&](uint16_t, std::string_view payload) {
    const auto header = header_of<ifinfomsg>(payload);
    if (!header) return;
    const Attributes attributes = attributes_of<ifinfomsg>(payload);
    Link link{header->ifi_index,
              std::string(text_of(attributes, IFLA_IFNAME)),
              "",
              as_u32(attributes, IFLA_MTU),
              (header->ifi_flags & IFF_UP) != 0,
              static_cast<int>(as_u32(attributes, IFLA_MASTER)),
              std::string(text_of(attributes, IFLA_IFALIAS))};
    if (const auto info = attributes.find(IFLA_LINKINFO); info != attributes.end())
      link.kind = text_of(parse_attributes(info->second), IFLA_INFO_KIND);
    links.push_back(std::move(link));
  }));
  return links;
}

Result<Link> find_link(NetlinkSocket& socket, const std::string& name) {
  for (Link& link : TRY(list_links(socket)))
    if (link.name == name) return std::move(link);
  return not_found("no link " + name);
}

Result<std::vector<InterfaceAddress>> list_addresses(NetlinkSocket& socket, int index) {
  std::vector<InterfaceAddress> addresses;
  const Message request(RTM_GETADDR, 0, ifaddrmsg{}, "list addresses");
  TRY(socket.dump(request, [&](uint16_t, std::string_view payload) {
    const auto header = header_of<ifaddrmsg>(payload);
    if (!header || (index != 0 && static_cast<int>(header->ifa_index) != index)) return;
    const Attributes attributes = attributes_of<ifaddrmsg>(payload);
    // On a point-to-point link IFA_ADDRESS is the other end; IPv6 gives IFA_LOCAL only then.
    auto address = address_of(attributes, IFA_LOCAL);
    if (!address) address = address_of(attributes, IFA_ADDRESS);
    if (address) addresses.push_back({*address, header->ifa_prefixlen});
  }));
  return addresses;
}

Result<std::vector<Subnet>> list_routed_subnets(NetlinkSocket& socket) {
  std::vector<Subnet> subnets;
  for (const Route& route : TRY(list_routes(socket)))
    if (route.destination.length() > 0) subnets.push_back(route.destination);
  return subnets;
}

Result<std::optional<int>> default_route_link(NetlinkSocket& socket) {
  std::optional<Route> best;
  for (const Route& route : TRY(list_routes(socket)))
    if (route.destination == Subnet() && (!best || route.priority < best->priority)) best = route;
  if (!best || best->link == 0) return std::optional<int>();
  return std::optional<int>(best->link);
}

}  // namespace hull::network
