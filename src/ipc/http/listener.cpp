#include "ipc/http/listener.h"

#include <arpa/inet.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::http {
namespace {

Result<void> give_to_group(const std::string& path, const ListenOptions& options) {
  if (options.group.empty()) return {};
  std::vector<char> buffer(64 * 1024);
  group entry{};
  group* found = nullptr;
  ::getgrnam_r(options.group.c_str(), &entry, buffer.data(), buffer.size(), &found);
  gid_t gid = 0;
  if (found) {
    gid = entry.gr_gid;
  } else if (const auto number = parse_integer<gid_t>(options.group)) {
    gid = *number;
  } else if (options.group_required) {
    return not_found("group " + options.group + " of the socket does not exist");
  } else {
    logging::debug("socket stays with root's group", {{"missing", options.group}});
    return {};
  }
  return sys::chown(path, 0, gid).context("give socket to group " + options.group);
}

Result<std::vector<Listener>> listen_on_path(std::string_view host, std::string path, const ListenOptions& options) {
  if (!path.starts_with('/')) return invalid_argument("socket path \"" + path + "\" is not absolute");
  // Only a socket that nobody serves may be replaced: taking it away would hide a living engine.
  if (sys::connect_unix(path).ok()) return failed_precondition("socket " + path + " is in use by another process");
  TRY(make_directories(path.substr(0, path.rfind('/') + 1), 0711));
  Listener listener{.socket = TRY(sys::listen_unix(path, 0660, SOCK_NONBLOCK)), .name = std::string(host), .wrap = {}};
  TRY(give_to_group(path, options));
  std::vector<Listener> listeners;
  listeners.push_back(std::move(listener));
  return listeners;
}

Result<UniqueFd> listen_on_address(const addrinfo& address, std::string_view host) {
  UniqueFd socket = TRY(sys::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  if (::bind(socket.get(), address.ai_addr, address.ai_addrlen) == -1 || ::listen(socket.get(), SOMAXCONN) == -1)
    return Error::from_errno(errno, "listen on " + std::string(host));
  return socket;
}

Result<std::vector<Listener>> listen_on_tcp(std::string_view host, std::string_view rest,
                                            const ListenOptions& options) {
  if (!options.allow_plain_tcp)
    return failed_precondition(
        "listen on " + std::string(host) +
        ": TCP without TLS gives root to everyone who can connect; refused without --insecure-tcp");
  const size_t colon = rest.rfind(':');
  const auto port = colon == rest.npos ? std::nullopt : parse_integer<uint16_t>(rest.substr(colon + 1));
  if (!port) return invalid_argument("address \"" + std::string(host) + "\" has no port");
  std::string name(rest.substr(0, colon));
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (const int error =
          ::getaddrinfo(name.empty() ? nullptr : name.c_str(), std::to_string(*port).c_str(), &hints, &found))
    return invalid_argument("address \"" + std::string(host) + "\": " + ::gai_strerror(error));
  auto socket = listen_on_address(*found, host);
  ::freeaddrinfo(found);
  logging::warn("the engine can be reached over TCP without TLS: everyone who connects is root on this machine",
                {{"address", host}});
  std::vector<Listener> listeners;
  listeners.push_back({.socket = TRY(std::move(socket)), .name = std::string(host), .is_unix = false, .wrap = {}});
  return listeners;
}

Result<Listener> take_passed(std::string_view host, const PassedSocket& passed) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(passed.socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == -1)
    return Error::from_errno(errno,
                             "read the address of descriptor " + std::to_string(passed.number) + " from systemd");
  Listener listener{.socket = {}, .name = std::string(host), .is_unix = address.ss_family == AF_UNIX, .wrap = {}};
  listener.socket = TRY(sys::dup(passed.socket));
  TRY(sys::set_blocking(listener.socket, sys::Blocking::kNo));
  return listener;
}

/// wanted: all ("", "*"), those of a name, or one by its number.
Result<std::vector<Listener>> take_from_systemd(std::string_view host, std::string_view wanted,
                                                const ListenOptions& options) {
  std::vector<Listener> listeners;
  for (const PassedSocket& passed : options.passed)
    if (wanted.empty() || wanted == "*" || wanted == passed.name || wanted == std::to_string(passed.number))
      listeners.push_back(TRY(take_passed(host, passed)));
  if (listeners.empty())
    return not_found("listen on " + std::string(host) + ": no sockets found via socket activation");
  return listeners;
}

}  // namespace

Result<std::vector<Listener>> open_listeners(std::string_view host, const ListenOptions& options) {
  const auto parts = cut(host, "://");
  if (!parts) return invalid_argument("unable to parse docker host `" + std::string(host) + "`");
  if (parts->before == "unix") return listen_on_path(host, std::string(parts->after), options);
  if (parts->before == "tcp") return listen_on_tcp(host, parts->after, options);
  if (parts->before == "fd") return take_from_systemd(host, parts->after, options);
  return invalid_argument("Invalid bind address format: " + std::string(host));
}

}  // namespace hull::http
