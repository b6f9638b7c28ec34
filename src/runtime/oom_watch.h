#pragma once

#include <optional>

#include "linux/cgroup.h"

namespace hull::runtime {

/// Tells when the memory of a cgroup ran out.
/// Source: kernel, cgroup-v1/memory.rst, "OOM Control" (an eventfd); cgroup-v2.rst, memory.events (poll and inotify).
class OomWatch {
 public:
  /// Errors: kUnimplemented: the container has no memory cgroup.
  static Result<OomWatch> start(const linux::Cgroup& cgroup);

  /// Readable when there may be something to tell.
  FdRef fd() const { return notify_; }
  enum class Seen { kNothing, kOom, kGone };  ///< kGone: the cgroup was removed, or (v2) its last process ended
  /// Takes what made fd() readable.
  Result<Seen> look();

 private:
  OomWatch() = default;
  Result<Seen> look_v1();
  Result<Seen> look_v2();

  std::optional<linux::Cgroup> cgroup_{};
  UniqueFd notify_{};       ///< v1: the eventfd; v2: an inotify descriptor
  UniqueFd oom_control_{};  ///< v1: held open as long as the kernel is to tell
  uint64_t count_ = 0;      ///< v2: processes killed so far
};

}  // namespace hull::runtime
