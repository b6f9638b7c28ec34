#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/fd.h"
#include "base/result.h"
#include "shim/reaper.h"
#include "shim/stdio_uri.h"

namespace hull::shim {

/// Whose output a logger takes.
struct LoggedProcess {
  std::string id;
  std::string container_namespace;
  std::string bundle;
};

/// A program that takes a process's output: it reads stdout from descriptor 3, stderr from 4, and closes 5 (or writes
/// to it) once it is ready. It ends when both have come to their end.
/// Source: containerd's logging package and its shim's NewBinaryIO.
class Logger : public std::enable_shared_from_this<Logger> {
 public:
  /// The query's keys and values are the program's arguments. Errors: kNotFound: no such program.
  static Result<std::shared_ptr<Logger>> start(EventLoop& loop, Reaper& reaper, const StdioUri& program,
                                               const LoggedProcess& process, FdRef out, FdRef err);
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  /// Errors: kDeadlineExceeded: it said nothing for a minute. One that ends instead is ready, as with containerd.
  void when_ready(std::function<void(const Result<void>&)> done);
  /// Runs done when it has ended. Nobody writes to it any more: it has 2 s for what is left, and 10 s more after a
  /// SIGTERM.
  void when_ended(std::function<void()> done);

 private:
  Logger(EventLoop& loop, std::string path, UniqueFd ready)
      : loop_(loop), path_(std::move(path)), ready_(std::move(ready)) {}
  void ready(const Result<void>& result);
  void ended();
  void signal_after(EventLoop::Clock::duration delay, int signal, std::function<void()> then);

  EventLoop& loop_;
  const std::string path_;
  pid_t pid_ = 0;   // 0 once it has ended
  UniqueFd ready_;  // invalid once it was
  std::function<void(const Result<void>&)> on_ready_;
  std::vector<std::function<void()>> on_ended_;
};

}  // namespace hull::shim
