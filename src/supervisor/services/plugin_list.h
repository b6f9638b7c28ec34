#pragma once

#include <map>
#include <string>
#include <vector>

namespace hull::supervisor {

/// A part of the daemon, by containerd's names for them: clients look for what they need here.
struct DaemonPart {
  std::string type;  ///< "io.containerd.snapshotter.v1"
  std::string id;    ///< "overlayfs"
  std::vector<std::string> required_types;
  std::map<std::string, std::string> exports;
  std::vector<std::string> capabilities;
  bool has_platform = false;  ///< whether it works on this machine's platform only
  std::string skipped{};      ///< why it does not work here; "": it does
};

/// The parts that are always there. root: the daemon's.
std::vector<DaemonPart> builtin_plugins(const std::string& root);

}  // namespace hull::supervisor
