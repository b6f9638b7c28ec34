#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "supervisor/snapshots/driver.h"

/// Layers merged by overlayfs: what the drivers that use it share.
namespace hull::supervisor {

/// Mounts one below root to see: file systems without d_type or xattrs refuse. A file left there tells later starts
/// that it works. Errors: kUnimplemented.
Result<void> probe_overlay(const std::string& root);
/// Whether mounts of what lies below root can map ids. Source: mount_setattr(2).
bool can_map_ids(const std::string& root);

/// The directories of one snapshot.
struct OverlayPaths {
  std::string upper;
  std::string work;
  std::vector<std::string> lowers;  ///< nearest first
};
/// Makes upper and work (below a directory that is there) for an active snapshot; the root looks as the nearest lower
/// one's, for whom the maps say.
Result<void> make_overlay_directories(const OverlayPaths& paths, const SnapshotChain& chain);
/// One bind mount where one directory has it all, else an overlay, in containerd's words.
std::vector<Mount> overlay_mounts(const OverlayPaths& paths, const SnapshotChain& chain);

}  // namespace hull::supervisor
