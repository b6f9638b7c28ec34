#include "runtime/pidfd_socket.h"

#include "base/sys.h"
#include "linux/process_attributes.h"

namespace hull::runtime {

Result<void> send_pidfd(const std::string& socket_path, const linux::Child& process) {
  if (socket_path.empty()) return {};
  const UniqueFd socket = TRY(sys::connect_unix(socket_path).context("pidfd-socket " + socket_path));
  return linux::send_descriptor(socket, process.pidfd, "pidfd");
}

}  // namespace hull::runtime
