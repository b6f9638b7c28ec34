#include "runtime/hooks.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/json.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "linux/namespaces.h"
#include "linux/process_attributes.h"
#include "runtime/launch.h"
#include "runtime/report.h"

namespace hull::runtime {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kOutputKept = 4096;

[[noreturn]] void exec_hook(const spec::Hook& hook, FdRef input, FdRef output) {
  std::vector<char*> args;
  for (const std::string& arg : hook.args) args.push_back(const_cast<char*>(arg.c_str()));
  if (args.empty()) args.push_back(const_cast<char*>(hook.path.c_str()));
  args.push_back(nullptr);
  std::vector<char*> env;
  for (const std::string& entry : hook.env) env.push_back(const_cast<char*>(entry.c_str()));
  env.push_back(nullptr);
  ::dup2(input.get(), STDIN_FILENO);
  ::dup2(output.get(), STDOUT_FILENO);
  ::dup2(output.get(), STDERR_FILENO);
  (void)linux::close_on_exec_from(3);
  reset_signals();  // a runtime in the foreground has all blocked
  ::execve(hook.path.c_str(), args.data(), env.data());
  const std::string text = go_spelling(Error::from_errno(errno, "exec " + hook.path));
  (void)sys::write_all(FdRef(STDERR_FILENO), text);
  ::_exit(127);
}

/// A hook need not read its state: while this lives, writing to one that has closed its stdin is an error, not our end.
class IgnoredPipeSignal {
 public:
  IgnoredPipeSignal() : before_(::signal(SIGPIPE, SIG_IGN)) {}
  IgnoredPipeSignal(const IgnoredPipeSignal&) = delete;
  IgnoredPipeSignal& operator=(const IgnoredPipeSignal&) = delete;
  ~IgnoredPipeSignal() { ::signal(SIGPIPE, before_); }

 private:
  sighandler_t before_;
};

/// Feeds the state and gathers output until the hook has ended. Errors: kDeadlineExceeded.
Result<std::string> converse(FdRef pidfd, UniqueFd input, UniqueFd output, std::string_view state,
                             Clock::time_point deadline) {
  TRY(sys::set_blocking(input, sys::Blocking::kNo));
  std::string gathered;
  for (;;) {
    pollfd waits[] = {{pidfd.get(), POLLIN, 0}, {output.get(), POLLIN, 0}, {input.get(), POLLOUT, 0}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return Error(Code::kDeadlineExceeded, "hook ran past specified timeout");
    const int timeout = deadline == Clock::time_point::max() ? -1 : static_cast<int>(std::min<long>(left, 1 << 30));
    if (::poll(waits, 3, timeout) == -1 && errno != EINTR) return Error::from_errno(errno, "poll");
    if (waits[2].revents) {
      const auto written = sys::try_write(input, state);
      if (written.ok() && *written) state.remove_prefix(**written);
      if (!written.ok() || state.empty()) input.reset();
    }
    char chunk[1024];
    if (waits[1].revents) {
      const size_t size = TRY(sys::read(output, chunk));
      if (gathered.size() < kOutputKept) gathered.append(chunk, size);
      if (size == 0) output.reset();
    } else if (waits[0].revents) {
      return gathered;
    }
  }
}

Result<void> run_hook(const spec::Hook& hook, std::string_view state) {
  sys::Pipe input = TRY(sys::pipe());
  sys::Pipe output = TRY(sys::pipe());
  const linux::Child child = TRY(linux::fork_into(0));
  if (child.pid == 0) exec_hook(hook, input.read, output.write);
  input.read.reset();
  output.write.reset();
  const IgnoredPipeSignal ignored;
  const auto deadline = hook.timeout ? Clock::now() + std::chrono::seconds(*hook.timeout) : Clock::time_point::max();
  auto talked = converse(child.pidfd, std::move(input.write), std::move(output.read), state, deadline);
  if (!talked.ok()) (void)sys::pidfd_send_signal(child.pidfd, SIGKILL);
  const auto exit = TRY(sys::waitpid(child.pid, 0));
  const std::string text = TRY(std::move(talked));
  if (exit->status == 0) return {};
  const std::string how = WIFSIGNALED(exit->status) ? "signal: " + std::string(::strsignal(WTERMSIG(exit->status)))
                                                    : "exit status " + std::to_string(WEXITSTATUS(exit->status));
  return Error(Code::kAborted, how + ", output: " + std::string(trim(text)));
}

Result<void> run_numbered(std::string_view name, const std::vector<spec::Hook>& hooks, size_t number,
                          std::string_view state) {
  return run_hook(hooks[number], state)
      .context("error running " + std::string(name) + " hook #" + std::to_string(number));
}

}  // namespace

Result<void> run_hooks(std::string_view name, const std::vector<spec::Hook>& hooks, const spec::RuntimeState& state) {
  if (hooks.empty()) return {};
  const std::string text = json::format(state);
  for (size_t i = 0; i < hooks.size(); ++i) TRY(run_numbered(name, hooks, i, text));
  return {};
}

void run_hooks_to_the_end(std::string_view name, const std::vector<spec::Hook>& hooks,
                          const spec::RuntimeState& state) {
  if (hooks.empty()) return;
  const std::string text = json::format(state);
  for (size_t i = 0; i < hooks.size(); ++i)
    if (auto ran = run_numbered(name, hooks, i, text); !ran.ok())
      logging::warn("run hook", {{"error", ran.error().message()}});
}

}  // namespace hull::runtime
