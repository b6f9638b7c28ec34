#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hull::linux {

/// A line of /proc/<pid>/mountinfo. Source: proc_pid_mountinfo(5).
struct MountLine {
  std::string root;          ///< the part of the file system that is mounted
  std::string point;         ///< relative to the process's root
  std::string_view type;     ///< "tmpfs"
  std::string_view options;  ///< of the file system, not of the mount
};
/// nullopt: not such a line. Views lead into the line.
std::optional<MountLine> parse_mount_line(std::string_view line);

}  // namespace hull::linux
