#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// Shares of caches and of memory bandwidth (Intel RDT, AMD PQoS) for groups of tasks, each a directory of the file
/// system resctrl. Source: kernel, filesystems/resctrl.rst.
namespace hull::linux {

class Resctrl {
 public:
  /// Where it is mounted, or where HULL_RESCTRL says. Errors: kUnimplemented: nowhere.
  static Result<Resctrl> open();
  /// The first mount of it in a table of mounts.
  static std::optional<std::string> find(std::string_view mountinfo);
  explicit Resctrl(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  /// Whether the kernel and the processor have it: "L3", "MB", "L3_MON".
  bool has(std::string_view resource) const;
  bool has_group(const std::string& group) const;
  /// Directories of groups: as their paths, below root(). Errors: kAlreadyExists; with the kernel's own words where it
  /// has some, as for no class of service being left.
  Result<void> make_group(const std::string& group) const;
  /// Its tasks are the root group's then. One that is gone is no error.
  static Result<void> remove_group(const std::string& group);
  /// lines: "L3:0=ff;1=f". A failure may leave some of them in force.
  Result<void> write_schemata(const std::string& group, const std::string& lines) const;
  /// Whether all that the lines say is in force. Errors: kFailedPrecondition: names the first that is not.
  static Result<void> compare_schemata(const std::string& group, const std::string& lines);
  /// Moves a process with one task; what it forks later stays with it.
  Result<void> add_process(const std::string& group, pid_t pid) const;

 private:
  Result<void> explain(Result<void> done) const;
  std::string root_;
};

/// Errors: kFailedPrecondition, as Resctrl::compare_schemata.
Result<void> compare_schemata(std::string_view in_force, std::string_view asked);

}  // namespace hull::linux
