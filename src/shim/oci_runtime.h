#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "shim/reaper.h"

namespace hull::shim {

/// How the OCI runtime is called for one container.
struct RuntimeSettings {
  std::string binary;  ///< name or path
  std::string root;    ///< --root
  bool systemd_cgroup = false;
};

/// The default runtime and state root for a bundle: hull-runc beside our own executable, else in PATH, else runc;
/// `runc` in the supervisor's state directory, which for a stock containerd is /run/containerd/runc/<namespace>.
RuntimeSettings default_settings(const std::string& bundle, const std::string& container_namespace);

/// What the runtime gets as its stdin, stdout and stderr, which for create and exec become the container's. Invalid
/// descriptors: /dev/null; where all are invalid, stdout and stderr are captured.
struct ChildStdio {
  FdRef in{-1};
  FdRef out{-1};
  FdRef err{-1};
};

/// Runs an OCI runtime's commands without waiting for them: any number may be under way.
class OciRuntime {
 public:
  /// The command's captured output, or what went wrong: the runtime's own last error from its log, else what it
  /// printed; kAborted where a signal ended it, which leaves things half done.
  using Done = std::function<void(Result<std::string>)>;

  OciRuntime(Reaper& reaper, RuntimeSettings settings, std::string bundle)
      : reaper_(reaper), settings_(std::move(settings)), bundle_(std::move(bundle)) {}

  const RuntimeSettings& settings() const { return settings_; }
  /// Runs `<binary> --root … --log … <words>`; done runs once: from the loop, or at once where it can't be started.
  void run(std::vector<std::string> words, const ChildStdio& stdio, Done done);

 private:
  std::vector<std::string> command_line(std::vector<std::string> words) const;
  std::string log_path() const { return bundle_ + "/log.json"; }
  Result<std::string> outcome(ExitReport exit, FdRef output) const;

  Reaper& reaper_;
  RuntimeSettings settings_;
  std::string bundle_;
  size_t running_ = 0;
};

/// For clients, to whom a runtime that was killed is no kind of its own.
Error runtime_failed(const Error& error, const std::string& what);

}  // namespace hull::shim
