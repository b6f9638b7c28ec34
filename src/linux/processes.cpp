#include "linux/processes.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::linux {
namespace {

bool works_in(pid_t pid, const struct stat& directory) {
  // The link is followed to the directory itself, whatever its name has become.
  const auto current = sys::stat("/proc/" + std::to_string(pid) + "/cwd");
  return current.ok() && current->st_dev == directory.st_dev && current->st_ino == directory.st_ino;
}

bool has_word(pid_t pid, std::string_view word) {
  const auto line = read_file("/proc/" + std::to_string(pid) + "/cmdline", 1_MiB);
  if (!line.ok()) return false;
  const auto words = split(*line, '\0');
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_one(pid_t pid, const struct stat& directory, std::string_view word) {
  return works_in(pid, directory) && has_word(pid, word);
}

}  // namespace

Result<std::vector<pid_t>> processes_in(const std::string& directory, std::string_view word) {
  const auto status = TRY(sys::stat(directory));
  std::vector<pid_t> found;
  for (const std::string& name : TRY(list_directory("/proc"))) {
    const auto pid = parse_integer<pid_t>(name);
    if (pid && *pid != ::getpid() && is_one(*pid, status, word)) found.push_back(*pid);
  }
  return found;
}

Result<void> kill_processes_in(const std::string& directory, std::string_view word, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const auto status = TRY(sys::stat(directory));
  while (true) {
    const auto pids = TRY(processes_in(directory, word));
    if (pids.empty()) return {};
    for (const pid_t pid : pids) {
      const auto process = sys::pidfd_open(pid);
      // The number may be another process's by now; the descriptor stays with this one.
      if (!process.ok() || !is_one(pid, status, word)) continue;
      (void)sys::pidfd_send_signal(*process, SIGKILL).ok();
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0 || !TRY(sys::poll(*process, POLLIN, left)))
        return Error(Code::kDeadlineExceeded, "process " + std::to_string(pid) + " does not end");
    }
  }
}

}  // namespace hull::linux
