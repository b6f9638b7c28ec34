#pragma once

#include <sys/socket.h>

#include "base/fd.h"
#include "base/result.h"
#include "network/ipam/address.h"

/// Sockets of a resolver. The calling thread enters the network namespace and stays there: it must be one that is used
/// for nothing which depends on its namespace.
namespace hull::network::dns {

/// A sockaddr of either family.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  static SocketAddress of(const Address& address, uint16_t port);
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  uint16_t port() const;
};

/// A non-blocking socket of the type (SOCK_DGRAM, SOCK_STREAM) on its way to the server.
Result<UniqueFd> connect_in(FdRef network_namespace, int type, const Address& address, uint16_t port);

/// Where a sandbox's resolver listens: on kAddress of the calling thread's namespace.
struct Listeners {
  UniqueFd udp;
  UniqueFd tcp;
  uint16_t udp_port = 0;
  uint16_t tcp_port = 0;
};
/// Non-blocking, on the given ports, or, where they are 0, on free ones. Errors: kAlreadyExists where a port is taken.
Result<Listeners> listen_here(uint16_t udp_port, uint16_t tcp_port);

/// 127.0.0.11, the address that containers know.
Address resolver_address();

}  // namespace hull::network::dns
