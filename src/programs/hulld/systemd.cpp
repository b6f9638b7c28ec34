#include "programs/hulld/systemd.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::daemon {
namespace {

constexpr int kFirstPassed = 3;
constexpr int kMostPassed = 1024;

std::string take_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string taken = value ? value : "";
  ::unsetenv(name);
  return taken;
}

}  // namespace

SystemdActivation SystemdActivation::take() {
  SystemdActivation systemd;
  systemd.notify_socket_ = take_variable("NOTIFY_SOCKET");
  const std::string pid = take_variable("LISTEN_PID");
  const std::string count = take_variable("LISTEN_FDS");
  const std::string names = take_variable("LISTEN_FDNAMES");
  // Meant for the one who passed the variables on to us.
  if (parse_integer<pid_t>(pid) != ::getpid()) return systemd;
  const int passed = parse_integer<int>(count).value_or(0);
  if (passed < 0 || passed > kMostPassed) {
    logging::warn("ignore the sockets from systemd", {{"LISTEN_FDS", count}});
    return systemd;
  }
  const auto labels = split(names, ':');
  for (int index = 0; index < passed; ++index) {
    const int number = kFirstPassed + index;
    if (::fcntl(number, F_SETFD, FD_CLOEXEC) == -1) continue;  // it is not there
    const size_t at = static_cast<size_t>(index);
    systemd.sockets_.push_back({UniqueFd(number), number, at < labels.size() ? std::string(labels[at]) : ""});
  }
  return systemd;
}

void SystemdActivation::notify(std::string_view state) const {
  const std::string& name = notify_socket_;
  sockaddr_un address{};
  if (name.empty() || (name[0] != '/' && name[0] != '@') || name.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';  // an abstract socket
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  const auto socket = sys::socket(AF_UNIX, SOCK_DGRAM);
  if (!socket.ok()) return;
  ::sendto(socket->get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace hull::daemon
