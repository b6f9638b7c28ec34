// Between fork and exec: no allocation, locks or logging.
#include "base/spawn_child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace hull {
namespace {

/// A handler of ours would run in the parent's memory. Signals that the parent ignores for itself are back, too.
void reset_signals() {
  for (int signal = 1; signal < _NSIG; ++signal) {
    struct sigaction action {};
    if (::sigaction(signal, nullptr, &action) != 0) continue;
    const bool ignored = action.sa_handler == SIG_IGN && signal != SIGPIPE && signal != SIGHUP;
    if (ignored || action.sa_handler == SIG_DFL) continue;
    action = {};
    action.sa_handler = SIG_DFL;
    ::sigaction(signal, &action, nullptr);
  }
}

bool place_descriptors(const std::vector<std::pair<int, FdRef>>& descriptors) {
  for (const auto& [number, fd] : descriptors) {
    // dup2 of a number to itself would leave it to be closed by exec.
    const int placed = fd.get() == number ? ::fcntl(number, F_SETFD, 0) : ::dup2(fd.get(), number);
    if (placed == -1) return false;
  }
  return true;
}

bool prepare(const SpawnChild& child) {
  reset_signals();
  if (child.own_session && ::setsid() == -1) return false;
  if (child.directory != nullptr && ::chdir(child.directory) == -1) return false;
  // Nothing is inherited that was not asked for, whoever opened it. The table of descriptors is the child's own.
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == -1) return false;
  if (!place_descriptors(*child.descriptors)) return false;
  if (child.descriptor_limit != nullptr && ::setrlimit(RLIMIT_NOFILE, child.descriptor_limit) == -1) return false;
  sigset_t none;
  sigemptyset(&none);
  return ::sigprocmask(SIG_SETMASK, &none, nullptr) == 0;
}

}  // namespace

int run_spawn_child(void* spawn_child) {
  auto& child = *static_cast<SpawnChild*>(spawn_child);
  if (prepare(child)) ::execvpe(child.argv[0], child.argv, child.environment);
  child.error = errno;
  ::_exit(127);
}

}  // namespace hull
