#include "shim/serve.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>

#include "base/event_loop.h"
#include "base/log.h"
#include "base/sys.h"
#include "shim/group.h"
#include "shim/log_pipe.h"
#include "shim/sandbox_service.h"
#include "shim/task_service.h"

namespace hull::shim {
namespace {

constexpr std::chrono::seconds kFlushTime(5);

Result<UniqueFd> block_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  sigset_t ending;
  sigemptyset(&ending);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&ending, signal);
  sigset_t all = ending;
  sigaddset(&all, SIGCHLD);
  if (::sigprocmask(SIG_BLOCK, &all, nullptr) != 0) return Error::from_errno(errno, "block signals");
  UniqueFd fd(::signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return Error::from_errno(errno, "signalfd");
  return fd;
}

std::string events_socket() {
  const char* address = std::getenv("TTRPC_ADDRESS");
  std::string path = address != nullptr ? address : "";
  return path.starts_with("unix://") ? path.substr(7) : path;
}

}  // namespace

Result<void> run_server(const Arguments& arguments, UniqueFd listener, ServePlace place) {
  // A shim lives as long as its container: give memory back, and grow in small steps.
  ::mallopt(M_TOP_PAD, 16 * 1024);
  ::mallopt(M_TRIM_THRESHOLD, 64 * 1024);
  const auto log_to = [debug = arguments.debug](const std::string& bundle) { install_log_pipe(bundle, debug); };
  log_to(arguments.bundle);
  const UniqueFd signals = TRY(block_signals());
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return Error::from_errno(errno, "become a subreaper");
  // Who clears a bundle ends whoever works in it: a group's server outlives the bundle that it began with.
  const bool grouped = is_group_socket(place.socket);
  const std::string home = grouped ? "/" : arguments.bundle;
  if (::chdir(home.c_str()) != 0) return Error::from_errno(errno, "enter " + home);

  const auto loop = TRY(EventLoop::create());
  const auto reaper = TRY(Reaper::create(*loop));
  Publisher publisher(*loop, events_socket(), arguments.container_namespace);
  ttrpc::Server server(*loop, std::move(listener),
                       ttrpc::Server::Options{.on_connect = [&] { publisher.supervisor_is_back(); }});
  const auto shut_down = [&] {
    // In this order: once nobody listens any more, the name may be another server's.
    (void)sys::unlink(place.socket).ok();
    server.stop_accepting();
    publisher.flush(kFlushTime, [&] { loop->stop(); });
  };
  // A pod's shim stays until the pod goes, an ordinary one until its last container.
  std::optional<SandboxService> sandbox;
  TaskService service(
      Host{*loop, *reaper, publisher, arguments.container_namespace, place.socket}, log_to,
      [&] { return sandbox->idle(); }, shut_down);
  service.register_with(server);
  if (grouped) service.register_group(server, arguments.id);
  sandbox.emplace(service, [&] { service.end(); });
  sandbox->register_with(server);
  TRY(server.start());
  TRY(loop->watch(signals, EPOLLIN, [&](uint32_t) {
    std::array<char, sizeof(signalfd_siginfo)> discarded;
    (void)sys::try_read(signals, discarded).ok();
    // Containers never depend on who stops what around them.
    if (service.may_end()) return service.end();
    logging::warn("ignore a termination signal: the container is still here");
  }));
  if (place.permission.valid())
    TRY(loop->watch(place.permission, EPOLLIN, [&](uint32_t) {
      char permitted = 0;
      auto count = sys::read(place.permission, {&permitted, 1});
      loop->unwatch(place.permission);
      place.permission.reset();
      // Who started us was killed before it could say where we are: nobody will ever ask us for anything.
      if (std::move(count).value_or(0) == 0) service.give_up(arguments.id);
    }));
  return loop->run();
}

}  // namespace hull::shim
