#include "runtime/foreground.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "base/sys.h"

namespace hull::runtime {
namespace {

void copy_size(FdRef terminal) {
  winsize size{};
  if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) ::ioctl(terminal.get(), TIOCSWINSZ, &size);
}

Result<void> forward_signal(FdRef signals, const linux::Child& child, FdRef terminal) {
  signalfd_siginfo info{};
  TRY(sys::read(signals, std::span(reinterpret_cast<char*>(&info), sizeof info)));
  const int signal = static_cast<int>(info.ssi_signo);
  if (signal == SIGCHLD) return {};
  if (signal == SIGWINCH && terminal.valid()) return copy_size(terminal), Result<void>();
  (void)sys::pidfd_send_signal(child.pidfd, signal);
  return {};
}

/// false: the source has ended.
bool copy_chunk(FdRef from, FdRef to) {
  char chunk[8192];
  const auto size = sys::read(from, chunk);  // EIO from a terminal whose other side is closed counts as its end
  if (!size.ok() || *size == 0) return false;
  return sys::write_all(to, std::string_view(chunk, *size)).ok();
}

/// How long the end of a terminal is waited for after its process ended, in ms: who has left it to others waits no
/// longer.
constexpr int kLastOutput = 100;

/// What is on its way from our input to the terminal. The terminal takes no more than its program reads, and that may
/// wait until we have read what it writes: nothing here may block.
class Input {
 public:
  explicit Input(FdRef terminal) : open_(terminal.valid()) {
    if (open_) (void)sys::set_blocking(terminal, sys::Blocking::kNo);
  }
  bool wants_more() const { return open_ && pending_.empty(); }
  bool has_some() const { return open_ && !pending_.empty(); }
  void read_some() {
    char chunk[8192];
    const auto size = sys::read(FdRef(STDIN_FILENO), chunk);
    open_ = size.ok() && *size > 0;
    if (open_) pending_.assign(chunk, *size);
  }
  void hand_on(FdRef terminal) {
    const auto taken = sys::try_write(terminal, pending_);
    if (!taken.ok()) return close();
    if (*taken) pending_.erase(0, **taken);
  }
  void close() {
    open_ = false;
    pending_.clear();
  }

 private:
  bool open_;
  std::string pending_;
};

/// Our terminal in raw mode while this lives.
class RawMode {
 public:
  RawMode() : active_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!active_) return;
    termios raw = before_;
    ::cfmakeraw(&raw);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;
  ~RawMode() {
    if (active_) ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }

 private:
  termios before_{};
  bool active_;
};

}  // namespace

std::optional<spec::ConsoleSize> own_terminal_size() {
  winsize size{};
  if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == -1 || size.ws_row == 0 || size.ws_col == 0) return std::nullopt;
  spec::ConsoleSize own;
  own.height = size.ws_row;
  own.width = size.ws_col;
  return own;
}

Result<UniqueFd> block_forwarded_signals() {
  sigset_t all;
  ::sigfillset(&all);
  // What a fault of our own raises must stay deadly; SIGTTOU comes of setting a terminal in the background.
  for (const int own : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGPIPE, SIGURG}) ::sigdelset(&all, own);
  if (::sigprocmask(SIG_BLOCK, &all, nullptr) == -1) return Error::from_errno(errno, "block signals");
  const int fd = ::signalfd(-1, &all, SFD_CLOEXEC);
  if (fd == -1) return Error::from_errno(errno, "signalfd");
  return UniqueFd(fd);
}

Result<int> accompany_foreground(const linux::Child& child, FdRef signals, UniqueFd terminal) {
  std::optional<RawMode> raw;
  if (terminal.valid()) {
    raw.emplace();
    copy_size(terminal);
  }
  Input input(terminal);
  for (bool ended = false; !ended || terminal.valid();) {
    pollfd waits[] = {{signals.get(), POLLIN, 0},
                      {ended ? -1 : child.pidfd.get(), POLLIN, 0},
                      {terminal.get(), static_cast<short>(input.has_some() ? POLLIN | POLLOUT : POLLIN), 0},
                      {input.wants_more() ? STDIN_FILENO : -1, POLLIN, 0}};
    // Once the process has ended, what it wrote last is still read; a child of its own may hold the terminal open.
    // It comes by way of a kernel's worker, so that none at this moment may still be some.
    const int ready = ::poll(waits, 4, ended ? kLastOutput : -1);
    if (ready == -1 && errno != EINTR) return Error::from_errno(errno, "poll");
    if (ready == 0 && ended) break;
    if (waits[0].revents & POLLIN) TRY(forward_signal(signals, child, terminal));
    if (waits[3].revents) input.read_some();
    if (waits[2].revents & POLLOUT) input.hand_on(terminal);
    if (waits[2].revents & ~POLLOUT && !copy_chunk(terminal, FdRef(STDOUT_FILENO))) {
      terminal.reset();
      input.close();
    }
    if (waits[1].revents) {
      ended = true;
      input.close();
    }
  }
  return TRY(sys::waitpid(child.pid, 0))->exit_code();
}

}  // namespace hull::runtime
