#include "runtime/checkpoint/criu.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "runtime/launch.h"

namespace hull::runtime {
namespace {

constexpr int kCriuSocket = 3;
constexpr int kClear = 64;  // above every number that criu is promised

Result<std::string> find_criu() {
  const char* named = ::getenv("HULL_CRIU");
  if (named && *named) {
    if (::access(named, X_OK) == 0) return std::string(named);
    return not_found("CRIU version check failed: HULL_CRIU: \"" + std::string(named) + "\" is no program");
  }
  const char* path = ::getenv("PATH");
  for (const std::string_view dir : split(path ? path : "/usr/sbin:/usr/bin:/sbin:/bin", ':')) {
    const std::string file = std::string(dir) + "/criu";
    if (dir.substr(0, 1) == "/" && ::access(file.c_str(), X_OK) == 0) return file;
  }
  return not_found("CRIU version check failed: exec: \"criu\": executable file not found in $PATH");
}

/// Moves what criu gets to its numbers: out of the way first, so that none is overwritten.
Result<void> place_descriptors(const CriuStart& start, FdRef socket) {
  std::vector<std::pair<int, int>> moved;
  const auto lift = [&](int number, FdRef fd) -> Result<void> {
    const int high = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, kClear);
    if (high == -1) return Error::from_errno(errno, "give criu a descriptor");
    moved.emplace_back(number, high);
    return {};
  };
  if (!start.own_stdio) {
    const UniqueFd null = TRY(sys::open("/dev/null", O_RDWR));
    for (int fd = 0; fd <= 2; ++fd) TRY(lift(fd, null));
  }
  TRY(lift(kCriuSocket, socket));
  for (const auto& [number, fd] : start.descriptors) TRY(lift(number, fd));
  for (const auto& [number, high] : moved) {
    if (::dup2(high, number) == -1) return Error::from_errno(errno, "give criu a descriptor");
  }
  return {};
}

/// Returns an error only.
Error exec_criu(const CriuStart& start, const std::string& program, FdRef socket) {
  const auto steps = [&]() -> Result<void> {
    if (start.prepare) TRY(start.prepare());
    reset_signals();
    return place_descriptors(start, socket);
  };
  if (auto ready = steps(); !ready.ok()) return std::move(ready).error();
  ::execl(program.c_str(), "criu", "swrk", "3", static_cast<char*>(nullptr));
  return Error::from_errno(errno, "exec " + program);
}

[[noreturn]] void report_and_exit(FdRef pipe, const Result<void>& result) {
  if (!result.ok()) (void)sys::write_all(pipe, result.error().message());
  ::_exit(result.ok() ? 0 : 1);
}

/// What a child told by a pipe that its exec closes.
Result<void> heard(UniqueFd pipe) {
  const std::string text = TRY(read_all(pipe, 64_KiB));
  return text.empty() ? Result<void>() : Result<void>(Error(Code::kAborted, text));
}

struct Packet {
  std::string data;
  UniqueFd descriptor;
};

Result<Packet> receive_packet(FdRef socket) {
  constexpr size_t kLargest = 40960;  // as runc and go-criu
  Packet packet;
  packet.data.resize(kLargest);
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  iovec part{packet.data.data(), packet.data.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t size = 0;
  do size = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
  while (size == -1 && errno == EINTR);
  if (size == -1) return Error::from_errno(errno, "read from criu");
  if (const cmsghdr* header = CMSG_FIRSTHDR(&message);
      header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    packet.descriptor = UniqueFd(fd);
  }
  if (size == 0) return data_loss("criu: unexpected EOF");
  if (message.msg_flags & MSG_TRUNC) return data_loss("criu: a message is larger than " + std::to_string(kLargest));
  packet.data.resize(static_cast<size_t>(size));
  return packet;
}

Result<void> send_packet(FdRef socket, std::string_view data) {
  const ssize_t sent = ::send(socket.get(), data.data(), data.size(), MSG_NOSIGNAL);
  if (sent == -1) return Error::from_errno(errno, "write to criu");
  return {};
}

}  // namespace

Result<void> run_apart(uint64_t namespaces, const std::function<Result<void>()>& steps) {
  sys::Pipe pipe = TRY(sys::pipe());
  const linux::Child child = TRY(linux::fork_into(namespaces));
  if (child.pid == 0) report_and_exit(pipe.write, steps());
  pipe.write.reset();
  auto told = heard(std::move(pipe.read));
  const auto exit = TRY(sys::waitpid(child.pid, 0));
  TRY(std::move(told));
  return exit->status == 0 ? Result<void>() : Result<void>(internal_error("a helper process ended early"));
}

Result<Criu> Criu::start(const CriuStart& start) {
  const std::string program = TRY(find_criu());
  sys::SocketPair pair = TRY(sys::socketpair(SOCK_SEQPACKET));
  sys::Pipe pipe = TRY(sys::pipe());
  linux::Child child = TRY(linux::fork_into(0, start.cgroup));
  if (child.pid == 0) {
    const FdRef keep = pipe.write;
    report_and_exit(keep, exec_criu(start, program, pair.second));
  }
  pair.second.reset();
  pipe.write.reset();
  Criu criu(std::move(child), std::move(pair.first));
  TRY(heard(std::move(pipe.read)).context("start criu"));
  return criu;
}

Criu::~Criu() {
  if (!socket_.valid() && !child_.pidfd.valid()) return;
  socket_.reset();
  if (reaped_) return;
  // One that still works for a request that failed half-way must not go on by itself.
  (void)sys::pidfd_send_signal(child_.pidfd, SIGKILL);
  (void)sys::waitpid(child_.pid, 0);
}

Result<CriuResponse> Criu::call(const std::string& request, const Notified& on_notify) {
  TRY(send_packet(socket_, request));
  for (;;) {
    Packet packet = TRY(receive_packet(socket_));
    CriuResponse response = TRY(decode_response(packet.data));
    if (!response.success)
      return Error(Code::kAborted, "criu failed: type " + std::string(to_string(response.type)) + " errno " +
                                       std::to_string(response.error_number) +
                                       (response.error_text.empty() ? "" : ": " + response.error_text));
    if (response.type != CriuType::kNotify) return response;
    logging::debug("criu notifies", {{"script", response.script}});
    if (on_notify) TRY(on_notify(response, std::move(packet.descriptor)));
    TRY(send_packet(socket_, encode_notified()));
  }
}

Result<void> Criu::finish(Ending ending) {
  ::shutdown(socket_.get(), SHUT_WR);
  const auto exit = TRY(sys::waitpid(child_.pid, 0));
  reaped_ = true;
  if (ending == Ending::kMustSucceed && exit->status != 0)
    return Error(Code::kAborted, "criu failed: exit status " + std::to_string(exit->exit_code()));
  return {};
}

Result<int> Criu::version() {
  Criu criu = TRY(Criu::start({}));
  const CriuResponse response = TRY(criu.call(encode_version_request(), {}).context("CRIU version check failed"));
  TRY(criu.finish(Ending::kAny));
  return response.version;
}

Result<void> Criu::require(CriuFeature feature) {
  Criu criu = TRY(Criu::start({}));
  const CriuResponse response =
      TRY(criu.call(encode_feature_request(feature), {}).context("CRIU feature check failed"));
  TRY(criu.finish(Ending::kAny));
  const bool memory = feature == CriuFeature::kMemoryTracking;
  if (memory ? response.memory_tracking : response.lazy_pages) return {};
  return unimplemented(std::string("criu is missing features: [") + (memory ? "MemTrack" : "LazyPages") + "]");
}

}  // namespace hull::runtime
