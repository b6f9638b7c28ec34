#pragma once

#include <memory>

#include "supervisor/snapshots/driver.h"

namespace hull::supervisor {

/// Snapshots as whole copies, for file systems that can't carry overlayfs: snapshots/<n> is the tree.
class NativeDriver : public SnapshotDriver {
 public:
  static Result<std::unique_ptr<NativeDriver>> open(const std::string& root);

  std::string_view name() const override { return "native"; }
  const std::string& root() const override { return root_; }
  Result<void> create(const SnapshotChain& chain) override;
  Result<std::vector<Mount>> mounts(const SnapshotChain& chain) override;
  Result<Usage> usage(const SnapshotChain& chain) const override;
  Result<void> remove(int64_t id) override;
  Result<std::vector<int64_t>> list() const override;

 private:
  explicit NativeDriver(std::string root) : root_(std::move(root)), folder_(root_ + "/snapshots") {}
  std::string path(int64_t id) const { return folder_ + "/" + std::to_string(id); }

  const std::string root_;
  const std::string folder_;
};

}  // namespace hull::supervisor
