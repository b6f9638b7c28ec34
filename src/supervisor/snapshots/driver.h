#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "supervisor/snapshots/mount.h"

namespace hull::supervisor {

enum class SnapshotKind { kView = 1, kActive = 2, kCommitted = 3 };

struct Usage {
  int64_t size = 0;  ///< bytes on disk
  int64_t inodes = 0;
};

/// Whose files a container sees as whose: "INSIDE:OUTSIDE:COUNT[,…]", as the labels containerd.io/snapshot/uidmapping
/// and gidmapping say it. Both are empty, or none is.
struct IdMaps {
  std::string uids;
  std::string gids;
  bool empty() const { return uids.empty(); }
};

/// One snapshot and those below it, by number.
struct SnapshotChain {
  int64_t id = 0;
  SnapshotKind kind = SnapshotKind::kActive;
  std::vector<int64_t> parents;  ///< nearest first
  IdMaps ids{};                  ///< of the container that it is for
};

/// Directories of snapshots on one kind of file system. Knows numbers only: keys, parents' names, labels and who may
/// remove what are the Snapshotter's. Calls for different numbers may come at once.
class SnapshotDriver {
 public:
  virtual ~SnapshotDriver() = default;
  /// "overlayfs", as clients name it.
  virtual std::string_view name() const = 0;
  /// Where the directories are.
  virtual const std::string& root() const = 0;
  /// Whether its mounts show files as IdMaps says.
  virtual bool maps_ids() const { return false; }

  /// Makes the directories of a view or active snapshot; nothing is left where it fails.
  virtual Result<void> create(const SnapshotChain& chain) = 0;
  /// Of a view or active snapshot.
  virtual Result<std::vector<Mount>> mounts(const SnapshotChain& chain) = 0;
  /// What it takes beyond its parents.
  virtual Result<Usage> usage(const SnapshotChain& chain) const = 0;
  /// Before an active snapshot is recorded as committed: makes what its children need. The record may not come; so the
  /// snapshot can still be mounted as active, and committed again.
  virtual Result<void> commit(int64_t) { return {}; }
  /// Of a committed one: drops what only an active one needs. Repeat calls succeed.
  virtual Result<void> settle(int64_t) { return {}; }
  /// Repeat calls succeed.
  virtual Result<void> remove(int64_t id) = 0;
  /// All that have a directory, half-made ones included.
  virtual Result<std::vector<int64_t>> list() const = 0;
};

}  // namespace hull::supervisor
