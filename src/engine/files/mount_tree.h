#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "engine/containerd/mount.h"
#include "linux/detached_mount.h"

namespace hull::engine {

/// A directory or file of the host, shown in a tree.
struct TreePart {
  std::string source;
  std::string subpath{};    ///< of the source; its links lead nowhere but into that
  std::string destination;  ///< absolute
  linux::Recursive recursive = linux::Recursive::kYes;
  bool read_only = false;
  enum class Missing { kMakeDirectory, kLeaveOut };
  Missing missing = Missing::kMakeDirectory;  ///< what to do where the tree has no such destination
};

/// Where the tree's root comes from.
struct TreeRootSource {
  UniqueFd mount_namespace;               ///< of a running container: its root mount is taken
  std::vector<containerd::Mount> rootfs;  ///< else: these are mounted
  bool read_only = false;                 ///< of the root
};

/// Mounts root and parts as one tree that no path leads to; parts in the order given. Nothing of it is seen elsewhere.
/// Errors: those of the mounts; kInvalidArgument: a root file system that is neither overlay nor bind.
Result<linux::DetachedMount> assemble_tree(const TreeRootSource& root, const std::vector<TreePart>& parts);

}  // namespace hull::engine
