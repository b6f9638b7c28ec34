#include "shim/terminal.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "base/sys.h"

namespace hull::shim {
namespace {

/// Reads in one go before other events have their turn.
constexpr int kRounds = 32;

}  // namespace

Result<std::shared_ptr<Terminal>> Terminal::create(EventLoop& loop, const StdioPaths& paths, Owner owner,
                                                   OutputEnd output, std::string socket_path) {
  std::shared_ptr<Terminal> terminal(new Terminal(loop));
  terminal->input_ = TRY(open_input(paths.in, owner, HoldInput::kNow).context("open stdin"));
  terminal->output_ = std::move(output);
  terminal->socket_path_ = std::move(socket_path);
  terminal->listener_ = TRY(sys::listen_unix(terminal->socket_path_, 0600, SOCK_NONBLOCK));
  return terminal;
}

Terminal::~Terminal() {
  close();
  remove_socket();
}

void Terminal::remove_socket() {
  if (!listener_.valid()) return;
  listener_.reset();
  (void)sys::unlink(socket_path_).ok();
}

Result<void> Terminal::attach() {
  auto master = receive_master();
  remove_socket();
  master_ = TRY(std::move(master).context("receive the console"));
  TRY(sys::set_blocking(master_, sys::Blocking::kNo));
  const auto self = weak_from_this();
  const auto guarded = [self](void (Terminal::*step)()) {
    if (const auto terminal = self.lock()) (terminal.get()->*step)();
  };
  // Edge-triggered: a terminal that hung up, or a FIFO that is full, must not wake us again and again.
  if (output_.reader.valid()) {
    TRY(loop_.watch(output_.writer, EPOLLOUT | EPOLLET, [guarded](uint32_t) { guarded(&Terminal::carry_output); }));
    output_watched_ = true;
  }
  if (input_.reader.valid())
    TRY(loop_.watch(input_.reader, EPOLLIN | EPOLLET, [guarded](uint32_t) { guarded(&Terminal::carry_input); }));
  return loop_.watch(master_, EPOLLIN | EPOLLOUT | EPOLLET, [self](uint32_t events) {
    if (const auto terminal = self.lock()) terminal->on_master(events);
  });
}

Result<UniqueFd> Terminal::receive_master() {
  const UniqueFd peer = TRY(sys::accept(listener_, SOCK_NONBLOCK));
  char name[256];
  iovec bytes{name, sizeof name};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 4)];
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  if (::recvmsg(peer.get(), &message, MSG_CMSG_CLOEXEC) < 0) return Error::from_errno(errno, "recvmsg");
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS || header->cmsg_len < CMSG_LEN(sizeof(int)))
    return internal_error("the runtime sent no descriptor");
  int fd = -1;
  std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
  UniqueFd master(fd);
  if (!::isatty(fd)) return internal_error("the runtime sent a descriptor that is no terminal");
  return master;
}

Result<void> Terminal::resize(uint32_t width, uint32_t height) {
  if (!master_.valid()) return {};
  if (width > 0xffff || height > 0xffff)
    return invalid_argument("terminal size " + std::to_string(width) + "x" + std::to_string(height) + " is over 65535");
  winsize size{};
  size.ws_col = static_cast<unsigned short>(width);
  size.ws_row = static_cast<unsigned short>(height);
  if (::ioctl(master_.get(), TIOCSWINSZ, &size) != 0) return Error::from_errno(errno, "resize the terminal");
  return {};
}

void Terminal::on_master(uint32_t events) {
  if (events & EPOLLOUT) carry_input();
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) carry_output();
}

void Terminal::carry_output() {
  std::array<char, 16384> buffer;
  for (int round = 0; round < kRounds; ++round) {
    if (!master_.valid() || drained_ || !flush_output()) return;
    const auto count = sys::try_read(master_, buffer);
    // EIO: the last process has closed the terminal, and all was read (pty(7)).
    if (!count.ok() || (*count && **count == 0)) return finish_output();
    if (!*count) return;
    if (output_.writer.valid()) pending_output_.assign(buffer.data(), **count);
  }
  loop_.post([self = weak_from_this()] {
    if (const auto terminal = self.lock()) terminal->carry_output();
  });
}

/// Whether nothing is left to write.
bool Terminal::flush_output() {
  while (!pending_output_.empty()) {
    const auto count = sys::try_write(output_.writer, pending_output_);
    if (!count.ok()) {
      logging::warn("write terminal output", {{"error", count.error().message()}});
      pending_output_.clear();
    } else if (!*count) {
      return false;
    } else {
      pending_output_.erase(0, **count);
    }
  }
  return true;
}

void Terminal::finish_output() {
  drained_ = true;
  if (output_watched_) loop_.unwatch(output_.writer);
  output_watched_ = false;
  output_.writer.reset();  // the client sees the end; the reader keeps what it has not read
  finish_input();
  if (master_.valid()) loop_.unwatch(master_);
  master_.reset();
  for (const auto& handler : std::exchange(on_drained_, {})) handler();
}

void Terminal::carry_input() {
  std::array<char, 4096> buffer;
  for (int round = 0; round < kRounds; ++round) {
    if (!master_.valid() || !flush_input() || !input_.reader.valid()) return;
    const auto count = sys::try_read(input_.reader, buffer);
    if (!count.ok() || (*count && **count == 0)) return finish_input();
    if (!*count) return;
    pending_input_.assign(buffer.data(), **count);
  }
  loop_.post([self = weak_from_this()] {
    if (const auto terminal = self.lock()) terminal->carry_input();
  });
}

bool Terminal::flush_input() {
  while (!pending_input_.empty()) {
    const auto count = sys::try_write(master_, pending_input_);
    if (!count.ok()) {
      pending_input_.clear();  // nobody has the terminal open any more
    } else if (!*count) {
      return false;
    } else {
      pending_input_.erase(0, **count);
    }
  }
  return true;
}

void Terminal::finish_input() {
  if (input_.reader.valid() && master_.valid()) loop_.unwatch(input_.reader);
  input_ = {};
}

void Terminal::close_stdin() {
  input_.writer.reset();
  carry_input();
}

void Terminal::when_drained(std::function<void()> handler) {
  if (drained_ || !master_.valid()) return handler();
  on_drained_.push_back(std::move(handler));
}

void Terminal::close() {
  if (!drained_) finish_output();
  output_ = {};
}

}  // namespace hull::shim
