#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "linux/cgroup_layout.h"

namespace hull::linux {

/// Descriptors by which a process puts itself into a cgroup, opened with the rights of who made them.
///
/// In v1 the process writes "0" to each `tasks` file itself: the kernel then moves one thread that can't change under
/// its hands, and skips the lock that costs an RCU grace period (5 ms) for any other writer (cgroup_procs_write_start).
/// In v2 it is born there: clone3(CLONE_INTO_CGROUP).
class CgroupEntry {
 public:
  /// For the caller without threads only: what a thread left behind would stay outside.
  Result<void> enter_v1() const;
  /// The v2 directory for clone3; invalid where there is none.
  FdRef unified() const { return unified_; }
  bool empty() const { return tasks_.empty() && !unified_.valid(); }

 private:
  friend class Cgroup;
  std::vector<UniqueFd> tasks_;
  UniqueFd unified_;
};

/// The directory of the v2 cgroup that a process is in.
Result<UniqueFd> open_unified_cgroup_of(pid_t pid);

/// One container's cgroup: a directory in each hierarchy.
class Cgroup {
 public:
  enum class Existing { kAccept, kRefuseProcesses };
  /// Whether a hierarchy in which we may make nothing is an error, or left out: its controllers have no directory then.
  enum class Denied { kFail, kLeaveOut };
  /// Makes the directories; a new cpuset gets its parents' CPUs and memory nodes, without which no process may enter.
  /// Errors: kFailedPrecondition where processes are in it already and that is refused.
  static Result<Cgroup> create(const CgroupLayout& layout, const std::string& cgroups_path, Existing existing,
                               Denied denied = Denied::kFail);
  /// One whose directories are known, from a container's state: controller to directory, "" for v2.
  explicit Cgroup(std::map<std::string, std::string> paths) : paths_(std::move(paths)) {}

  const std::map<std::string, std::string>& paths() const { return paths_; }
  /// The controller's directory, or the v2 one where v2 has it; nullopt: the machine has no such controller.
  std::optional<std::string> directory(std::string_view controller) const;
  bool unified_only() const { return paths_.size() == 1 && paths_.count("") == 1; }

  /// Relative paths below this cgroup: controller to path, or "" to one path for all.
  using Below = std::map<std::string, std::string>;
  /// Errors: kInvalidArgument, in runc's words: a path leads out, or the controller is unknown.
  Result<CgroupEntry> open_entry(const Below& below = {}) const;
  Result<void> write(std::string_view controller, const std::string& file, std::string_view value) const;
  Result<std::string> read(std::string_view controller, const std::string& file) const;

  enum class Frozen { kNo, kYes };
  /// Freezes or thaws all processes and waits until the kernel says so.
  /// Errors: kDeadlineExceeded (thawed again).
  Result<void> set_frozen(Frozen frozen, std::chrono::milliseconds timeout) const;
  Result<Frozen> frozen() const;

  /// Processes in it and below.
  Result<std::vector<pid_t>> processes() const;
  /// Sends SIGKILL to all of them; by cgroup.kill where there is v2.
  Result<void> kill_all(int signal) const;
  /// Removes the directories and those below; missing ones are no error. Waits for processes that are dying.
  Result<void> remove() const;
  bool exists() const;

 private:
  std::map<std::string, std::string> paths_;
};

}  // namespace hull::linux
