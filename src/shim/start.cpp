#include "shim/start.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "base/files.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "google/protobuf/any.pb.h"
#include "ipc/proto/shim/runc_options.pb.h"
#include "linux/served_socket.h"
#include "shim/cgroup.h"
#include "shim/group.h"
#include "shim/serve.h"

namespace hull::shim {
namespace {

constexpr size_t kSocketNameDigits = 32;
constexpr int kJoinAttempts = 5;
// sun_path less its zero, the random name, and what console sockets append (".pty123456").
constexpr size_t kMaxDirectory = 107 - 1 - kSocketNameDigits - 10;

/// The runtime options that the supervisor writes to our stdin, for those who put shims into a cgroup.
Result<std::string> shim_cgroup_from_stdin() {
  const auto status = TRY(sys::fstat(FdRef(STDIN_FILENO)));
  // Whoever starts us by hand has a terminal there, and would have to end it.
  if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode) && !S_ISREG(status.st_mode)) return std::string();
  std::string bytes;
  char buffer[4096];
  while (TRY(sys::poll(FdRef(STDIN_FILENO), POLLIN, std::chrono::seconds(2)))) {
    const size_t count = TRY(sys::read(FdRef(STDIN_FILENO), buffer));
    if (count == 0 || bytes.size() > size_t{1} << 20) break;
    bytes.append(buffer, count);
  }
  google::protobuf::Any any;
  containerd::runc::v1::Options options;
  if (!any.ParseFromString(bytes) || !any.type_url().ends_with("containerd.runc.v1.Options")) return std::string();
  if (!options.ParseFromString(any.value())) return invalid_argument("options on stdin: malformed");
  return options.shim_cgroup();
}

/// A little likelier to be killed than the supervisor, which matters to more containers.
void adjust_oom_score() {
  const std::string text = read_file("/proc/self/oom_score_adj", 1_KiB).value_or("");
  const int score = parse_integer<int>(trim(text)).value_or(0);
  if (score < 1000) (void)write_existing("/proc/self/oom_score_adj", std::to_string(score + 1)).ok();
}

/// The supervisor reads the pipe that is our stdout to its end: the server must not hold it.
void detach_from_caller() {
  ::setsid();
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, fd);
  if (null > STDERR_FILENO) ::close(null);
}

[[noreturn]] void serve_as_child(const Arguments& arguments, UniqueFd listener, ServePlace place) {
  detach_from_caller();
  adjust_oom_score();
  // Once more, so that the socket's peers see our pid (SO_PEERCRED) and not that of who started us.
  (void)::listen(listener.get(), SOMAXCONN);
  const auto served = run_server(arguments, std::move(listener), std::move(place));
  ::_exit(served.ok() ? 0 : 1);
}

/// What a supervisor of containerd 2 reads (shim API v3).
struct BootstrapParams {
  int version = 3;
  std::string address;
  std::string protocol = "ttrpc";
};
template <class V>
void describe(V& json, BootstrapParams& params) {
  json.field("version", params.version);
  json.required("address", params.address);
  json.field("protocol", params.protocol);
}

/// Tells the supervisor where to connect to: as parameters where it knows version 3, else the bare address.
Result<void> announce(const std::string& socket) {
  const char* known = std::getenv("MAX_SHIM_VERSION");
  const std::string address = "unix://" + socket;
  const bool version_3 = known != nullptr && parse_integer<int>(known).value_or(2) >= 3;
  return sys::write_all(FdRef(STDOUT_FILENO), version_3 ? json::format(BootstrapParams{.address = address}) : address);
}

/// What must be true before the server may stay: the last step is its permission.
Result<void> let_serve(pid_t child, const std::string& socket, FdRef permission) {
  if (const std::string cgroup = TRY(shim_cgroup_from_stdin()); !cgroup.empty())
    TRY(join_cgroup(cgroup, child).context("join cgroup"));
  TRY(announce(socket));
  return sys::write_all(permission, "1");
}

Result<UniqueFd> listen(const std::string& socket) {
  return sys::listen_unix(socket, 0600).context("create new shim socket");
}

Result<void> start_server(const Arguments& arguments, UniqueFd listener, const std::string& socket) {
  auto permission = TRY(sys::pipe());
  const pid_t child = ::fork();
  if (child < 0) return Error::from_errno(errno, "fork");
  if (child == 0) {
    permission.write.reset();
    serve_as_child(arguments, std::move(listener), {socket, std::move(permission.read)});
  }
  listener.reset();
  return let_serve(child, socket, permission.write);
}

/// The group's listener; invalid where somebody serves it.
Result<UniqueFd> listen_for_group(const std::string& socket) {
  const UniqueFd lock = TRY(linux::lock_sockets(socket.substr(0, socket.rfind('/'))));
  if (TRY(linux::is_served(socket))) return UniqueFd();
  return listen(socket);
}

Result<void> start_in_group(const Arguments& arguments, const std::string& socket) {
  for (int attempt = 1;; ++attempt) {
    auto listener = TRY(listen_for_group(socket));
    if (listener.valid()) return start_server(arguments, std::move(listener), socket);
    const auto joined = tell_group(socket, kJoin, arguments.id);
    if (joined.ok()) return announce(socket);
    // A server that was about to end has freed the name by now.
    if (!joined.is(Code::kUnavailable) || attempt == kJoinAttempts) return joined;
  }
}

}  // namespace

std::string socket_directory(const std::string& bundle) {
  for (const char* owner : {"/io.containerd.runtime.v2.task/", "/io.containerd.sandbox.controller.v1.shim/"})
    if (const size_t at = bundle.find(owner); at != std::string::npos && at + 2 <= kMaxDirectory)
      return bundle.substr(0, at) + "/s";
  return "/run/containerd/s";
}

Result<void> run_start(const Arguments& arguments) {
  const std::string directory = socket_directory(arguments.bundle);
  TRY(make_directories(directory, 0700));
  const std::string group = TRY(group_of(arguments.bundle));
  const std::string name = group.empty() ? random_hex(kSocketNameDigits) : group_socket_name(arguments, group);
  const std::string socket = directory + "/" + name;
  // First, so that `delete` finds the socket wherever we are killed.
  TRY(replace_file(arguments.bundle + "/address", "unix://" + socket, 0600, Durable::kNo));
  if (!group.empty()) return start_in_group(arguments, socket);
  return start_server(arguments, TRY(listen(socket)), socket);
}

}  // namespace hull::shim
