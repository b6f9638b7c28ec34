#pragma once

#include <memory>

#include "supervisor/snapshots/driver.h"
#include "supervisor/snapshots/overlay_stack.h"

namespace hull::supervisor {

/// Snapshots as overlayfs layers: snapshots/<n>/fs is the layer, snapshots/<n>/work overlayfs's own. A snapshot without
/// a parent is its directory itself.
class OverlayDriver : public SnapshotDriver {
 public:
  /// Who merges the layers: the kernel, or fuse-overlayfs(1) where the kernel's does not work.
  enum class Flavour { kKernel, kFuse };

  /// Errors: kUnimplemented: the kernel or the file system below root can't carry it, or the program is missing.
  static Result<std::unique_ptr<OverlayDriver>> open(const std::string& root, Flavour flavour = Flavour::kKernel);

  std::string_view name() const override { return flavour_ == Flavour::kKernel ? "overlayfs" : "fuse-overlayfs"; }
  const std::string& root() const override { return root_; }
  bool maps_ids() const override { return maps_ids_; }
  Result<void> create(const SnapshotChain& chain) override;
  Result<std::vector<Mount>> mounts(const SnapshotChain& chain) override;
  Result<Usage> usage(const SnapshotChain& chain) const override;
  Result<void> remove(int64_t id) override;
  Result<std::vector<int64_t>> list() const override;

 private:
  OverlayDriver(std::string root, Flavour flavour)
      : root_(std::move(root)), folder_(root_ + "/snapshots"), flavour_(flavour) {}
  std::string path(int64_t id) const { return folder_ + "/" + std::to_string(id); }
  OverlayPaths paths(const SnapshotChain& chain) const;
  std::string layer(int64_t id) const { return path(id) + "/fs"; }

  const std::string root_;
  const std::string folder_;
  const Flavour flavour_;
  bool maps_ids_ = false;
};

}  // namespace hull::supervisor
