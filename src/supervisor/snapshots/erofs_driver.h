#pragma once

#include <memory>
#include <mutex>

#include "supervisor/snapshots/driver.h"
#include "supervisor/snapshots/overlay_stack.h"

namespace hull::supervisor {

/// Committed snapshots as read-only images, one file each, merged by overlayfs: a layer of a million files is removed
/// by one unlink, and nothing can change it. Below snapshots/<n>:
///
///     fs/ work/    of an active one: its upper directory and overlayfs's own
///     image        of a committed one: an erofs of what fs/ was
///     layer/       where the image is mounted once a child needs it, until it is removed
///
/// Images are made by mkfs.erofs(1). Clients never see them: what they mount is an overlay or a bind of layer/.
class ErofsDriver : public SnapshotDriver {
 public:
  /// Errors: kUnimplemented: the kernel has no erofs or no overlayfs, or mkfs.erofs is missing.
  static Result<std::unique_ptr<ErofsDriver>> open(const std::string& root);

  std::string_view name() const override { return "erofs"; }
  const std::string& root() const override { return root_; }
  Result<void> create(const SnapshotChain& chain) override;
  Result<std::vector<Mount>> mounts(const SnapshotChain& chain) override;
  Result<Usage> usage(const SnapshotChain& chain) const override;
  Result<void> commit(int64_t id) override;
  Result<void> settle(int64_t id) override;
  Result<void> remove(int64_t id) override;
  Result<std::vector<int64_t>> list() const override;

 private:
  explicit ErofsDriver(std::string root) : root_(std::move(root)), folder_(root_ + "/snapshots") {}
  std::string path(int64_t id) const { return folder_ + "/" + std::to_string(id); }
  std::string image(int64_t id) const { return path(id) + "/image"; }
  std::string layer(int64_t id) const { return path(id) + "/layer"; }
  OverlayPaths paths(const SnapshotChain& chain) const;
  /// The parents' images, each mounted once.
  Result<void> mount_parents(const SnapshotChain& chain);

  const std::string root_;
  const std::string folder_;
  std::mutex mounting_;
};

}  // namespace hull::supervisor
