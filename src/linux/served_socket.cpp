#include "linux/served_socket.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/sys.h"

namespace hull::linux {

Result<UniqueFd> lock_sockets(const std::string& directory) {
  auto opened = TRY(sys::open(directory, O_RDONLY | O_DIRECTORY));
  int locked = 0;
  do locked = ::flock(opened.get(), LOCK_EX);
  while (locked != 0 && errno == EINTR);
  if (locked != 0) return Error::from_errno(errno, "lock " + directory);
  return opened;
}

Result<bool> is_served(const std::string& socket) {
  const auto peer = sys::connect_unix(socket, SOCK_NONBLOCK);
  if (peer.ok()) return true;
  switch (peer.error().number()) {
    case EAGAIN: return true;  // its queue is full
    case ECONNREFUSED:
    case ENOENT: return false;
    default: return peer.error();
  }
}

Result<void> remove_unserved(const std::string& socket) {
  const auto lock = lock_sockets(socket.substr(0, socket.rfind('/') + 1));
  if (lock.is(Code::kNotFound)) return {};
  if (!lock.ok()) return lock.error();
  if (TRY(is_served(socket))) return {};
  auto removed = sys::unlink(socket);
  if (removed.is(Code::kNotFound)) return {};
  return removed;
}

Result<pid_t> server_of(const std::string& socket) {
  const auto peer = TRY(sys::connect_unix(socket));
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(peer.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return Error::from_errno(errno, "ask for the server of " + socket);
  return credentials.pid;
}

}  // namespace hull::linux
