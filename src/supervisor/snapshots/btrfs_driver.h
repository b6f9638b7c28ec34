#pragma once

#include <memory>

#include "supervisor/snapshots/driver.h"

namespace hull::supervisor {

/// Snapshots as the file system's own: snapshots/<n> is a subvolume, a child a snapshot of its parent's. Their mounts
/// are bind mounts, which need no device. Source: btrfs-subvolume(8).
class BtrfsDriver : public SnapshotDriver {
 public:
  /// Errors: kUnimplemented: root lies on another file system.
  static Result<std::unique_ptr<BtrfsDriver>> open(const std::string& root);

  std::string_view name() const override { return "btrfs"; }
  const std::string& root() const override { return root_; }
  bool maps_ids() const override { return maps_ids_; }
  Result<void> create(const SnapshotChain& chain) override;
  Result<std::vector<Mount>> mounts(const SnapshotChain& chain) override;
  Result<Usage> usage(const SnapshotChain& chain) const override;
  Result<void> remove(int64_t id) override;
  Result<std::vector<int64_t>> list() const override;

 private:
  explicit BtrfsDriver(std::string root) : root_(std::move(root)), folder_(root_ + "/snapshots") {}
  std::string path(int64_t id) const { return folder_ + "/" + std::to_string(id); }

  const std::string root_;
  const std::string folder_;
  bool maps_ids_ = false;
};

}  // namespace hull::supervisor
