#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "ipc/http/stream.h"

namespace hull::http {

/// A listening socket, and how its connections become streams.
struct Listener {
  UniqueFd socket;
  std::string name;  ///< as the user wrote it: "unix:///run/hull/hull.sock"
  bool is_unix = true;
  /// Wraps a connection (TLS); plain where empty. Must not block: the stream shakes hands when it is first used.
  std::function<Result<std::unique_ptr<Stream>>(UniqueFd)> wrap;
};

/// A socket that somebody else listens on already (sd_listen_fds(3)).
struct PassedSocket {
  UniqueFd socket;
  int number = 0;    ///< as it was passed, from 3 on
  std::string name;  ///< of the unit's FileDescriptorName=
};

struct ListenOptions {
  std::string group = "hull";  ///< of a unix socket, where the group exists
  bool group_required = false;
  bool allow_plain_tcp = false;
  std::span<const PassedSocket> passed{};
};

/// "unix:///path" (0660, a stale socket file is replaced), "tcp://address:port", "fd://", "fd://name" or "fd://3"
/// (sockets that systemd passed).
/// Errors: kInvalidArgument for a malformed address; kFailedPrecondition for TCP without TLS unless allowed, or where
/// another process serves the socket already; kNotFound where systemd passed none.
Result<std::vector<Listener>> open_listeners(std::string_view host, const ListenOptions& options);

}  // namespace hull::http
