#include "shim/process.h"

#include <algorithm>
#include <utility>

namespace hull::shim {

void Process::set_exited(ExitReport report) {
  state_ = ProcessState::kStopped;
  exit_code_ = report.code;
  exited_at_ = report.at;
  if (direct_) direct_->process_exited();
  for (const Waiter& waiter : std::exchange(waiters_, {})) waiter.notify(*this);
}

void Process::wait(Waiter waiter) {
  if (state_ == ProcessState::kStopped) return waiter.notify(*this);
  // Clients that gave up must not pile up in a container that runs for a year.
  std::erase_if(waiters_, [](const Waiter& each) { return !each.awaited(); });
  waiters_.push_back(std::move(waiter));
}

Result<void> Process::open_stdio(const LoggerHost& host, Owner owner, const std::string& console_socket) {
  const WriterMode mode = stdio_paths.terminal ? WriterMode::kNonBlocking : WriterMode::kBlocking;
  Outputs outputs = TRY(open_outputs(stdio_paths, owner, mode, host));
  logger_ = outputs.logger;
  if (stdio_paths.terminal) {
    outputs.err = {};
    terminal_ = TRY(Terminal::create(host.loop, stdio_paths, owner, std::move(outputs.out), console_socket));
  } else {
    direct_ = TRY(DirectStdio::open(stdio_paths, owner, outputs));
  }
  return {};
}

void Process::when_logger_is_ready(std::function<void(const Result<void>&)> done) {
  if (!logger_) return done({});
  logger_->when_ready(std::move(done));
}

Result<void> Process::stdio_created() { return terminal_ ? terminal_->attach() : Result<void>(); }

Result<void> Process::hold_stdin() { return direct_ ? direct_->hold_stdin() : Result<void>(); }

void Process::stdio_started() {
  if (direct_) direct_->process_started();
}

void Process::close_stdin() {
  if (direct_) direct_->close_stdin();
  if (terminal_) terminal_->close_stdin();
}

void Process::when_drained(EventLoop& loop, EventLoop::Clock::duration time, std::function<void()> done) {
  if (logger_)
    done = [this, logger = logger_, done = std::move(done)] {
      close_stdio();  // what has no end the logger would wait for
      logger->when_ended(done);
    };
  if (!terminal_) return done();
  // Whichever comes first runs it.
  auto once = std::make_shared<std::function<void()>>(std::move(done));
  const auto fire = [once] {
    if (const auto f = std::exchange(*once, nullptr)) f();
  };
  const auto timer = loop.after(time, fire);
  terminal_->when_drained([&loop, timer, fire] {
    loop.cancel(timer);
    fire();
  });
}

void Process::close_stdio() {
  direct_.reset();
  terminal_.reset();
  if (const auto logger = std::exchange(logger_, nullptr)) logger->when_ended([] {});
}

}  // namespace hull::shim
