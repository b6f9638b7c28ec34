#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Where the machine's cgroup hierarchies are mounted.
namespace hull::linux {

/// kHybrid: controllers on v1, and a v2 hierarchy without controllers beside them.
enum class CgroupMode { kV1, kHybrid, kV2 };

/// One mounted hierarchy. v1: its controllers ("cpu", "cpuacct") or its name ("name=systemd"). v2: one empty name.
struct CgroupHierarchy {
  std::vector<std::string> controllers;
  std::string mount_point;
  std::string mount_root;  ///< the part of the hierarchy that is mounted, "/" as a rule
  std::string own_path;    ///< this process's cgroup in it
  bool unified() const { return controllers.size() == 1 && controllers[0].empty(); }
};

struct CgroupLayout {
  CgroupMode mode = CgroupMode::kV2;
  std::vector<CgroupHierarchy> hierarchies;

  /// Reads /proc/self/mountinfo and /proc/self/cgroup.
  /// Errors: kFailedPrecondition: no hierarchy is mounted.
  static Result<CgroupLayout> detect();
  static Result<CgroupLayout> parse(std::string_view mountinfo, std::string_view own_cgroups);
};

/// The directory of a container's cgroup in a hierarchy. An absolute path counts from the hierarchy's root, a relative
/// one from our own cgroup, in v2 from its parent: our own has processes, so that nothing below it gets controllers.
/// ".." can't lead out. Source: OCI runtime-spec, config-linux.md, "Cgroups Path"; runc.
std::string cgroup_directory(const CgroupHierarchy& hierarchy, std::string_view cgroups_path);
/// That of this process.
std::string own_cgroup_directory(const CgroupHierarchy& hierarchy);

/// Each controller's path of a process, as /proc/<pid>/cgroup tells: "memory" to "/a"; "" is v2.
std::map<std::string, std::string> parse_proc_cgroup(std::string_view text);

}  // namespace hull::linux
