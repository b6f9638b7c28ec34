#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ipc/http/listener.h"

namespace hull::daemon {

/// What systemd gave us at our start: sockets that it listens on, and where it is told our state.
/// Source: sd_listen_fds(3), sd_notify(3).
class SystemdActivation {
 public:
  /// Takes them out of the environment, and from the numbers at which programs inherit them: a runtime would hand the
  /// API's socket on to its container. To be called before anything is started.
  static SystemdActivation take();

  const std::vector<http::PassedSocket>& sockets() const { return sockets_; }
  /// "READY=1", "STOPPING=1"; nothing where systemd did not start us.
  void notify(std::string_view state) const;

 private:
  std::vector<http::PassedSocket> sockets_;
  std::string notify_socket_;
};

}  // namespace hull::daemon
