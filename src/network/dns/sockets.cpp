#include "network/dns/sockets.h"

#include <netinet/in.h>
#include <sched.h>

#include <cerrno>
#include <cstring>

#include "base/sys.h"

namespace hull::network::dns {
namespace {

constexpr int kBacklog = 128;

Result<UniqueFd> bind_here(int type, uint16_t port) {
  UniqueFd socket = TRY(sys::socket(AF_INET, type | SOCK_NONBLOCK));
  const SocketAddress address = SocketAddress::of(resolver_address(), port);
  const int on = 1;
  // After a restart of the engine, connections of the last one may still linger.
  if (type == SOCK_STREAM && ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
    return Error::from_errno(errno, "set SO_REUSEADDR");
  if (::bind(socket.get(), address.get(), address.size) == -1)
    return Error::from_errno(errno, "bind resolver to " + resolver_address().text());
  if (type == SOCK_STREAM && ::listen(socket.get(), kBacklog) == -1) return Error::from_errno(errno, "listen");
  return socket;
}

Result<uint16_t> port_of(FdRef socket) {
  SocketAddress address;
  if (::getsockname(socket.get(), address.get(), &address.size) == -1) return Error::from_errno(errno, "getsockname");
  return address.port();
}

}  // namespace

SocketAddress SocketAddress::of(const Address& address, uint16_t port) {
  SocketAddress result;
  const std::string bytes = address.bytes();
  if (address.is_ipv4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    std::memcpy(&in.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&result.storage, &in, sizeof in);
    result.size = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    std::memcpy(&in.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&result.storage, &in, sizeof in);
    result.size = sizeof in;
  }
  return result;
}

uint16_t SocketAddress::port() const {
  // The port lies at the same place in both families (RFC 3493, 3.3).
  sockaddr_in in;
  std::memcpy(&in, &storage, sizeof in);
  return ntohs(in.sin_port);
}

Result<UniqueFd> connect_in(FdRef network_namespace, int type, const Address& address, uint16_t port) {
  if (::setns(network_namespace.get(), CLONE_NEWNET) == -1) return Error::from_errno(errno, "enter network namespace");
  UniqueFd socket = TRY(sys::socket(address.is_ipv4() ? AF_INET : AF_INET6, type | SOCK_NONBLOCK));
  const SocketAddress to = SocketAddress::of(address, port);
  // Without it a datagram's sender isn't told that there is no way to the server (ip(7)).
  const int on = 1;
  if (::setsockopt(socket.get(), address.is_ipv4() ? SOL_IP : SOL_IPV6, address.is_ipv4() ? IP_RECVERR : IPV6_RECVERR,
                   &on, sizeof on) == -1)
    return Error::from_errno(errno, "set IP_RECVERR");
  if (::connect(socket.get(), to.get(), to.size) == -1 && errno != EINPROGRESS)
    return Error::from_errno(errno, "connect to " + address.text());
  return socket;
}

Result<Listeners> listen_here(uint16_t udp_port, uint16_t tcp_port) {
  Listeners listeners;
  listeners.udp = TRY(bind_here(SOCK_DGRAM, udp_port));
  listeners.tcp = TRY(bind_here(SOCK_STREAM, tcp_port));
  listeners.udp_port = TRY(port_of(listeners.udp));
  listeners.tcp_port = TRY(port_of(listeners.tcp));
  return listeners;
}

Address resolver_address() { return {Family::kIpv4, Number{127} << 24 | 11}; }

}  // namespace hull::network::dns
