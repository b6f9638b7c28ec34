#include "network/test_world.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>

#include <cstring>

#include "base/files.h"
#include "base/sys.h"

namespace hull::network {
namespace {

constexpr std::chrono::milliseconds kPatience{1000};

sockaddr_in ipv4(const std::string& address, uint16_t port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  CHECK(inet_pton(AF_INET, address.c_str(), &in.sin_addr) == 1);
  return in;
}

}  // namespace

World* World::get() {
  static World* world = []() -> World* {
    if (::geteuid() != 0) return nullptr;
    CHECK(::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0);
    CHECK(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    CHECK(::mount("tmpfs", "/tmp", "tmpfs", 0, nullptr) == 0);
    MUST(write_existing("/proc/sys/net/ipv4/ip_forward", "1"));
    auto namespaces = MUST(NamespaceDirectory::open("/tmp/netns"));
    auto host = MUST(NetlinkSocket::open());
    auto outside = MUST(namespaces.create("outside"));
    const auto there = MUST(InterfaceAddress::parse("198.51.100.2/24"));
    const auto here = MUST(InterfaceAddress::parse("198.51.100.1/24"));
    MUST(host.transact(set_up(1, "lo")));
    MUST(attach(host, outside, {"uplink", 0, {}, "eth0", mac_for(there.address), 1500, {there}, {here.address}}));
    const int uplink = MUST(find_link(host, "uplink")).index;
    MUST(host.transact(add_address(uplink, here)));
    MUST(host.transact(add_default_route(uplink, there.address)));
    MUST(bring_up_loopback(outside));
    return new World("/tmp", std::move(host), std::move(namespaces), std::move(outside));
  }();
  return world;
}

UniqueFd own_namespace() { return MUST(sys::open("/proc/self/ns/net", O_RDONLY)); }

UniqueFd listen_in(FdRef network_namespace, int type, const std::string& address, uint16_t port) {
  UniqueFd server;
  MUST(run_in_namespace(network_namespace, [&]() -> Result<void> {
    server = TRY(sys::socket(AF_INET, type));
    const int on = 1;
    ::setsockopt(server.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in in = ipv4(address, port);
    if (::bind(server.get(), reinterpret_cast<const sockaddr*>(&in), sizeof in) == -1)
      return Error::from_errno(errno, "bind");
    if (type == SOCK_STREAM && ::listen(server.get(), 8) == -1) return Error::from_errno(errno, "listen");
    return {};
  }));
  return server;
}

UniqueFd connect_in(FdRef network_namespace, int type, const std::string& address, uint16_t port) {
  UniqueFd client;
  MUST(run_in_namespace(network_namespace, [&]() -> Result<void> {
    client = TRY(sys::socket(AF_INET, type | SOCK_NONBLOCK));
    const sockaddr_in in = ipv4(address, port);
    if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&in), sizeof in) == 0) return {};
    int error = errno;
    socklen_t size = sizeof error;
    if (error == EINPROGRESS && TRY(sys::poll(client, POLLOUT, kPatience)))
      ::getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) client.reset();
    return {};
  }));
  return client;
}

std::string exchange(const UniqueFd& server, const UniqueFd& client, int type) {
  if (!client.valid()) return "";
  char line[64];
  MUST(sys::write_all(client, "ahoy"));
  if (!MUST(sys::poll(server, POLLIN, kPatience))) return "";
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  UniqueFd accepted;
  if (type == SOCK_STREAM) {
    accepted = UniqueFd(::accept4(server.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC));
    CHECK(::recv(accepted.get(), line, sizeof line, 0) == 4);
    MUST(sys::write_all(accepted, "back"));
  } else {
    CHECK(::recvfrom(server.get(), line, sizeof line, 0, reinterpret_cast<sockaddr*>(&peer), &size) == 4);
    CHECK(::sendto(server.get(), "back", 4, 0, reinterpret_cast<const sockaddr*>(&peer), size) == 4);
  }
  if (!MUST(sys::poll(client, POLLIN, kPatience))) return "";
  if (MUST(sys::read(client, line)) != 4) return "";
  char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &peer.sin_addr, text, sizeof text);
}

std::string reach(const UniqueFd& server, FdRef client_namespace, int type, const std::string& address, uint16_t port) {
  return exchange(server, connect_in(client_namespace, type, address, port), type);
}

}  // namespace hull::network
