#pragma once

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "linux/namespaces.h"
#include "runtime/checkpoint/messages.h"

namespace hull::runtime {

/// How `criu swrk` is started.
struct CriuStart {
  FdRef cgroup = FdRef(-1);  ///< v2 directory that it is born in
  bool own_stdio = false;    ///< our stdio is its own, to be handed on; else /dev/null
  /// Number in criu, from 4 on, and our descriptor.
  std::vector<std::pair<int, FdRef>> descriptors{};
  /// Runs in it before the exec.
  std::function<Result<void>()> prepare{};
};

/// A running `criu swrk`: one packet a message on a SOCK_SEQPACKET socket, its descriptor 3.
class Criu {
 public:
  /// "criu" in PATH, or what HULL_CRIU names. Errors: kNotFound names it.
  static Result<Criu> start(const CriuStart& start);
  /// 40201 for 4.2.1.
  static Result<int> version();
  /// Errors: kUnimplemented "criu is missing features: [x]".
  static Result<void> require(CriuFeature feature);

  Criu(Criu&&) = default;
  Criu& operator=(Criu&&) = delete;
  ~Criu();

  pid_t pid() const { return child_.pid; }
  /// Sends a request and answers its notifications until it is done. on_notify gets a descriptor with
  /// "orphan-pts-master". Errors: "criu failed: type DUMP errno 3".
  using Notified = std::function<Result<void>(const CriuResponse&, UniqueFd)>;
  Result<CriuResponse> call(const std::string& request, const Notified& on_notify);
  /// Waits until it has ended.
  enum class Ending { kMustSucceed, kAny };
  Result<void> finish(Ending ending);

 private:
  Criu(linux::Child child, UniqueFd socket) : child_(std::move(child)), socket_(std::move(socket)) {}
  linux::Child child_;
  UniqueFd socket_;
  bool reaped_ = false;
};

/// Runs steps in a process of its own, and hands their error back. The mounts that they make there vanish with it.
Result<void> run_apart(uint64_t namespaces, const std::function<Result<void>()>& steps);

}  // namespace hull::runtime
