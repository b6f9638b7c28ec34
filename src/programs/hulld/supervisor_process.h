#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "base/daemon/thread.h"
#include "base/fd.h"
#include "base/result.h"

namespace hull::daemon {

struct SupervisorSettings {
  std::string program;  ///< path of hull-containerd
  std::string root;     ///< its --root, on disk
  std::string state;    ///< its --state; its log is kept here, too
  std::string socket;   ///< its --address
  std::string log_level = "info";
  std::chrono::milliseconds start_time = std::chrono::seconds(15);  ///< from its start until it listens
};

/// Our own hull-containerd: runs in a session of its own, so that it outlives this daemon. A daemon that starts takes
/// over the one that answers on the socket, and starts it anew whenever it has ended.
class SupervisorProcess {
 public:
  /// Returns once the process accepts connections. Errors: kUnavailable, with the end of its log, where it ends or does
  /// not answer in time.
  static Result<std::unique_ptr<SupervisorProcess>> start(SupervisorSettings settings);
  /// Whether it was started here, not taken over.
  bool launched() const { return launched_; }
  /// Stops watching and ends the process. Errors: kDeadlineExceeded where it does not end.
  Result<void> end();
  /// Stops watching. The process goes on.
  ~SupervisorProcess();

 private:
  explicit SupervisorProcess(SupervisorSettings settings) : settings_(std::move(settings)) {}
  Result<void> adopt_or_start();
  /// A descriptor of the process that serves the socket. Errors: where none does.
  Result<UniqueFd> find_server();
  Result<UniqueFd> launch();
  Result<UniqueFd> wait_until_served(pid_t child, FdRef pidfd);
  std::string end_of_log() const;
  void watch(std::stop_token stop);

  const SupervisorSettings settings_;
  bool launched_ = false;  ///< set before the thread starts
  UniqueFd process_;       ///< of the watching thread once it runs
  std::stop_source stop_;
  Thread watcher_;
};

}  // namespace hull::daemon
