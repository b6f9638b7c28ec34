#include "programs/hulld/supervisor_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/files.h"
#include "base/log.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::daemon {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kShortestPause{50};
constexpr milliseconds kLongestPause{5000};
// One that lived for that long is started anew at once.
constexpr auto kLongLife = std::chrono::seconds(10);
constexpr Bytes kLargestLog = 8_MiB;

/// Waits, but not longer than until the stop is requested.
void pause_for(milliseconds time, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
}

/// Whether a process has the root and does not listen yet: a daemon that was killed had just started it.
bool is_claimed(const std::string& root) {
  const auto lock = sys::open(root + "/lock", O_RDWR);
  return lock.ok() && sys::try_lock(*lock).is(Code::kUnavailable);
}

}  // namespace

Result<std::unique_ptr<SupervisorProcess>> SupervisorProcess::start(SupervisorSettings settings) {
  std::unique_ptr<SupervisorProcess> process(new SupervisorProcess(std::move(settings)));
  TRY(make_directories(process->settings_.state, 0711));
  if (auto server = process->find_server(); server.ok()) {
    logging::info("took over the running supervisor", {{"socket", process->settings_.socket}});
    process->process_ = std::move(server).value();
  } else {
    process->process_ = TRY(process->launch());
    process->launched_ = true;
  }
  process->watcher_ =
      TRY(Thread::start("supervisor", [raw = process.get(), stop = process->stop_.get_token()] { raw->watch(stop); }));
  return process;
}

SupervisorProcess::~SupervisorProcess() { stop_.request_stop(); }

Result<void> SupervisorProcess::end() {
  stop_.request_stop();
  watcher_.join();
  TRY(sys::pidfd_send_signal(process_, SIGTERM));
  constexpr auto kEndTime = std::chrono::seconds(20);
  if (!TRY(sys::poll(process_, POLLIN, kEndTime)))
    return Error(Code::kDeadlineExceeded, "the supervisor on " + settings_.socket + " does not end");
  siginfo_t ended{};
  (void)::waitid(P_PIDFD, static_cast<id_t>(process_.get()), &ended, WEXITED | WNOHANG);
  return {};
}

Result<void> SupervisorProcess::adopt_or_start() {
  if (auto server = find_server(); server.ok()) {
    process_ = std::move(server).value();
    logging::info("took over the running supervisor", {{"socket", settings_.socket}});
    return {};
  }
  process_ = TRY(launch());
  return {};
}

Result<UniqueFd> SupervisorProcess::find_server() {
  const UniqueFd socket = TRY(sys::connect_unix(settings_.socket));
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == -1)
    return Error::from_errno(errno, "find the process behind " + settings_.socket);
  return sys::pidfd_open(peer.pid);
}

Result<UniqueFd> SupervisorProcess::launch() {
  const std::string log = settings_.state + "/containerd.log";
  if (const auto kept = sys::stat(log); kept.ok() && kept->st_size > kLargestLog.count)
    (void)sys::rename(log, log + ".1");
  const UniqueFd null = TRY(sys::open("/dev/null", O_RDONLY));
  const UniqueFd output = TRY(sys::open(log, O_WRONLY | O_CREAT | O_APPEND, 0600));
  const pid_t child = TRY(spawn({settings_.program, "--root", settings_.root, "--state", settings_.state, "--address",
                                 settings_.socket, "--log-level", settings_.log_level},
                                {.descriptors = {{0, null}, {1, output}, {2, output}}, .session = Session::kOwn}));
  const UniqueFd pidfd = TRY(sys::pidfd_open(child));
  auto server = TRY(wait_until_served(child, pidfd));
  logging::info("started the supervisor", {{"program", settings_.program}, {"pid", child}});
  return server;
}

Result<UniqueFd> SupervisorProcess::wait_until_served(pid_t child, FdRef pidfd) {
  const auto deadline = std::chrono::steady_clock::now() + settings_.start_time;
  // The socket has no event for "somebody listens now"; the process itself has one for "I have ended".
  bool another = false;
  for (milliseconds pause(1); std::chrono::steady_clock::now() < deadline;
       pause = std::min(pause * 2, milliseconds(20))) {
    if (auto server = find_server(); server.ok()) return server;
    if (another) {
      pause_for(pause, {});
    } else if (TRY(sys::poll(pidfd, POLLIN, pause))) {
      const auto exit = TRY(sys::waitpid(child, WNOHANG));
      another = is_claimed(settings_.root);
      if (!another)
        return unavailable(settings_.program + " ended with code " + std::to_string(exit ? exit->exit_code() : -1) +
                           " at its start; the end of its log: " + end_of_log());
    }
  }
  if (!another && sys::pidfd_send_signal(pidfd, SIGKILL).ok()) (void)sys::waitpid(child, 0);
  return unavailable(settings_.program + " does not listen on " + settings_.socket +
                     "; the end of its log: " + end_of_log());
}

std::string SupervisorProcess::end_of_log() const {
  const std::string text = read_file(settings_.state + "/containerd.log", kLargestLog).value_or("");
  constexpr size_t kShown = 800;
  return std::string(trim(std::string_view(text).substr(text.size() - std::min(text.size(), kShown))));
}

void SupervisorProcess::watch(std::stop_token stop) {
  auto wake = sys::eventfd(0);
  if (!wake.ok()) return logging::error("watch the supervisor", {{"error", wake.error().message()}});
  const std::stop_callback on_stop(stop, [&] { (void)sys::write(*wake, std::string_view("\1\0\0\0\0\0\0\0", 8)); });
  milliseconds pause = kShortestPause;
  auto since = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    pollfd entries[] = {{process_.get(), POLLIN, 0}, {wake->get(), POLLIN, 0}};
    if (::poll(entries, 2, -1) == -1 || entries[1].revents != 0) continue;
    // Ours or an adopted one: only a child of ours can be reaped, the other is init's.
    siginfo_t ended{};
    (void)::waitid(P_PIDFD, static_cast<id_t>(process_.get()), &ended, WEXITED | WNOHANG);
    logging::warn("supervisor has ended; starting it again", {{"socket", settings_.socket}});
    bool waits = std::chrono::steady_clock::now() - since < kLongLife;
    if (!waits) pause = kShortestPause;
    for (bool started = false; !started && !stop.stop_requested(); waits = true) {
      if (waits) {
        pause_for(pause, stop);
        pause = std::min(pause * 2, kLongestPause);
        if (stop.stop_requested()) return;
      }
      const auto done = adopt_or_start();
      started = done.ok();
      if (!started) logging::error("start the supervisor", {{"error", done.error().message()}});
    }
    since = std::chrono::steady_clock::now();
  }
}

}  // namespace hull::daemon
