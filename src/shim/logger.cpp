#include "shim/logger.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>

#include <utility>

#include "base/log.h"
#include "base/spawn.h"
#include "base/sys.h"

namespace hull::shim {
namespace {

constexpr std::chrono::seconds kReadyTime(60);
constexpr std::chrono::seconds kEndTime(2);
constexpr std::chrono::seconds kTermTime(10);

}  // namespace

Result<std::shared_ptr<Logger>> Logger::start(EventLoop& loop, Reaper& reaper, const StdioUri& program,
                                              const LoggedProcess& process, FdRef out, FdRef err) {
  const auto null = TRY(sys::open("/dev/null", O_RDWR));
  auto ready = TRY(sys::pipe());
  std::vector<std::string> argv{program.path};
  for (const auto& [key, value] : program.values) {
    argv.push_back(key);
    argv.push_back(value);
  }
  const std::shared_ptr<Logger> logger(new Logger(loop, program.path, std::move(ready.read)));
  logger->pid_ = TRY(
      spawn(argv, {.directory = process.bundle,
                   .descriptors = {{0, null}, {1, null}, {2, null}, {3, out}, {4, err}, {5, ready.write}},
                   .environment = {"CONTAINER_ID=" + process.id, "CONTAINER_NAMESPACE=" + process.container_namespace}})
          .context("failed to start binary process"));
  // It holds itself until it has ended: a logger outlives what it logs.
  reaper.expect(logger->pid_, [logger](ExitReport) { logger->ended(); });
  return logger;
}

Logger::~Logger() {
  if (ready_.valid() && on_ready_) loop_.unwatch(ready_);
}

void Logger::when_ready(std::function<void(const Result<void>&)> done) {
  on_ready_ = std::move(done);
  const auto self = weak_from_this();
  // Readable, or closed.
  auto watched = loop_.watch(ready_, EPOLLIN, [self](uint32_t) {
    if (const auto logger = self.lock()) logger->ready({});
  });
  if (!watched.ok()) return std::exchange(on_ready_, nullptr)(watched);
  loop_.after(kReadyTime, [self] {
    if (const auto logger = self.lock())
      logger->ready(Error(Code::kDeadlineExceeded, "logging binary " + logger->path_ + " is not ready in time"));
  });
}

void Logger::ready(const Result<void>& result) {
  const auto done = std::exchange(on_ready_, nullptr);
  if (!done) return;
  loop_.unwatch(ready_);
  ready_.reset();
  done(result);
}

void Logger::ended() {
  pid_ = 0;
  for (const auto& done : std::exchange(on_ended_, {})) done();
}

void Logger::when_ended(std::function<void()> done) {
  if (pid_ == 0) return done();
  on_ended_.push_back(std::move(done));
  if (on_ended_.size() > 1) return;
  signal_after(kEndTime, SIGTERM, [self = shared_from_this()] { self->signal_after(kTermTime, SIGKILL, nullptr); });
}

void Logger::signal_after(EventLoop::Clock::duration delay, int signal, std::function<void()> then) {
  loop_.after(delay, [self = shared_from_this(), signal, then = std::move(then)] {
    // Our child keeps its number until we have reaped it.
    if (self->pid_ == 0) return;
    logging::warn("end a logging binary", {{"path", self->path_}, {"signal", signal}});
    (void)sys::kill(self->pid_, signal).ok();
    if (then) then();
  });
}

}  // namespace hull::shim
