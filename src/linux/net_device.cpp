#include "linux/net_device.h"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <vector>

#include "base/sys.h"

namespace hull::linux {
namespace {

/// An address as the kernel told it, to be given back to it.
struct Address {
  ifaddrmsg header{};
  std::string attributes;  ///< IFA_LOCAL, IFA_ADDRESS and IFA_BROADCAST
};

Result<UniqueFd> open_socket(int domain, int type, int protocol) {
  UniqueFd socket(::socket(domain, type | SOCK_CLOEXEC, protocol));
  if (!socket.valid()) return Error::from_errno(errno, "socket");
  return socket;
}

void append_attribute(std::string& to, unsigned short type, const void* data, size_t size) {
  const rtattr attribute{static_cast<unsigned short>(RTA_LENGTH(size)), type};
  to.append(reinterpret_cast<const char*>(&attribute), sizeof attribute);
  to.append(static_cast<const char*>(data), size);
  to.append(RTA_ALIGN(size) - size, '\0');
}

template <class Header>
std::string bytes_of(const Header& header) {
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

Result<void> send_request(FdRef socket, uint16_t type, unsigned flags, const std::string& body) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<uint32_t>(NLMSG_LENGTH(body.size()));
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  const std::string message = bytes_of(header) + body;
  if (::send(socket.get(), message.data(), message.size(), 0) == -1) return Error::from_errno(errno, "rtnetlink: send");
  return {};
}

/// Hands each message of the answer to `take`, until the kernel acknowledges or the dump ends.
Result<void> read_answer(FdRef socket, const std::function<void(const nlmsghdr&)>& take) {
  alignas(nlmsghdr) char buffer[32768];
  for (;;) {
    const ssize_t size = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (size == -1 && errno == EINTR) continue;
    if (size <= 0) return Error::from_errno(size == 0 ? EPIPE : errno, "rtnetlink: receive");
    auto left = static_cast<unsigned>(size);
    for (auto* message = reinterpret_cast<nlmsghdr*>(buffer); NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
      if (message->nlmsg_type == NLMSG_DONE) return {};
      if (message->nlmsg_type != NLMSG_ERROR) {
        take(*message);
        continue;
      }
      const int error = static_cast<const nlmsgerr*>(NLMSG_DATA(message))->error;
      return error == 0 ? Result<void>() : Result<void>(Error::from_errno(-error, "rtnetlink"));
    }
  }
}

Result<void> call(FdRef socket, uint16_t type, unsigned flags, const std::string& body) {
  TRY(send_request(socket, type, NLM_F_ACK | flags, body));
  return read_answer(socket, [](const nlmsghdr&) {});
}

Result<void> set_up(FdRef socket, int index, bool up) {
  ifinfomsg link{};
  link.ifi_index = index;
  link.ifi_change = IFF_UP;
  link.ifi_flags = up ? IFF_UP : 0;
  return call(socket, RTM_NEWLINK, 0, bytes_of(link));
}

/// What a move would lose: the kernel drops a device's addresses on the way.
Result<std::vector<Address>> lasting_addresses(FdRef socket, int index) {
  std::vector<Address> found;
  TRY(send_request(socket, RTM_GETADDR, NLM_F_DUMP, bytes_of(ifaddrmsg{})));
  TRY(read_answer(socket, [&](const nlmsghdr& message) {
    if (message.nlmsg_type != RTM_NEWADDR || message.nlmsg_len < NLMSG_LENGTH(sizeof(ifaddrmsg))) return;
    Address address;
    std::memcpy(&address.header, NLMSG_DATA(&message), sizeof address.header);
    const ifaddrmsg& header = address.header;
    const bool lasting = header.ifa_scope == RT_SCOPE_UNIVERSE && (header.ifa_flags & IFA_F_PERMANENT);
    if (header.ifa_index != static_cast<unsigned>(index) || !lasting) return;
    auto left = static_cast<unsigned>(IFA_PAYLOAD(&message));
    for (auto* attribute = IFA_RTA(NLMSG_DATA(&message)); RTA_OK(attribute, left);
         attribute = RTA_NEXT(attribute, left))
      if (attribute->rta_type == IFA_LOCAL || attribute->rta_type == IFA_ADDRESS ||
          attribute->rta_type == IFA_BROADCAST)
        append_attribute(address.attributes, attribute->rta_type, RTA_DATA(attribute), RTA_PAYLOAD(attribute));
    found.push_back(std::move(address));
  }));
  return found;
}

/// Sockets that act in another namespace: they belong to the one that they were opened in.
struct SocketsThere {
  UniqueFd netlink;
  UniqueFd ioctl;
};
Result<SocketsThere> open_sockets_in(FdRef netns) {
  const UniqueFd own = TRY(sys::open("/proc/self/ns/net", O_RDONLY));
  if (::setns(netns.get(), CLONE_NEWNET) == -1) return Error::from_errno(errno, "enter network namespace");
  auto netlink = open_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  auto ioctl = open_socket(AF_INET, SOCK_DGRAM, 0);
  if (::setns(own.get(), CLONE_NEWNET) == -1) return Error::from_errno(errno, "leave network namespace");
  SocketsThere sockets;
  sockets.netlink = TRY(std::move(netlink));
  sockets.ioctl = TRY(std::move(ioctl));
  return sockets;
}

Result<int> index_of(FdRef ioctl_socket, const std::string& name) {
  ifreq request{};
  name.copy(request.ifr_name, sizeof request.ifr_name - 1);
  if (::ioctl(ioctl_socket.get(), SIOCGIFINDEX, &request) == -1)
    return Error::from_errno(errno, "link not found for interface " + name);
  return request.ifr_ifindex;
}

}  // namespace

bool is_net_device_name(std::string_view name) {
  if (name.empty() || name.size() >= IFNAMSIZ || name == "." || name == "..") return false;
  return name.find_first_of(std::string_view("/: \t\n\v\f\r\0", 9)) == std::string_view::npos;
}

Result<void> move_net_device(const std::string& device, FdRef netns, const std::string& name) {
  const UniqueFd here = TRY(open_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
  const UniqueFd query = TRY(open_socket(AF_INET, SOCK_DGRAM, 0));
  const int index = TRY(index_of(query, device).context("on runtime namespace"));
  const auto addresses = TRY(lasting_addresses(here, index));
  const SocketsThere there = TRY(open_sockets_in(netns));
  TRY(set_up(here, index, false).context("set link down " + device));
  ifinfomsg link{};
  link.ifi_index = index;
  std::string request = bytes_of(link);
  append_attribute(request, IFLA_IFNAME, name.c_str(), name.size() + 1);
  const int target = netns.get();
  append_attribute(request, IFLA_NET_NS_FD, &target, sizeof target);
  TRY(call(here, RTM_NEWLINK, 0, request).context("move network device " + device));

  const int moved = TRY(index_of(there.ioctl, name));
  for (const Address& address : addresses) {
    ifaddrmsg header = address.header;
    header.ifa_index = static_cast<unsigned>(moved);
    header.ifa_flags = 0;
    TRY(call(there.netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, bytes_of(header) + address.attributes)
            .context("give address to network device " + name));
  }
  return set_up(there.netlink, moved, true).context("set link up " + name);
}

}  // namespace hull::linux
