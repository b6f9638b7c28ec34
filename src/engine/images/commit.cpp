#include "engine/images/commit.h"

#include "base/ids.h"
#include "base/rollback.h"
#include "base/text.h"
#include "engine/containerd/diffs.h"
#include "engine/images/changes.h"
#include "engine/images/unpack.h"
#include "spec/image/media_type.h"

namespace hull::engine::images {
namespace {

/// Stores what the container changed as a layer.
Result<image::Descriptor> store_difference(const Call& call, const containerd::Lease& lease,
                                           const std::string& snapshotter, const std::string& key) {
  const containerd::Snapshots snapshots(lease.connection(), snapshotter);
  const auto info = TRY(snapshots.stat(call, key).context("find the container's layer"));
  const auto upper = TRY(snapshots.mounts(call, key));
  const std::string view = "commit-" + random_hex(32);
  const auto lower = TRY(snapshots.view(call, view, info.parent));
  const Defer remove_view([&] { (void)snapshots.remove(Call::within(std::chrono::seconds(30)), view).ok(); });
  // Uncompressed: it is unpacked at once, and a push compresses what it sends.
  return containerd::Diffs(lease.connection()).create(call, lower, upper, image::media::kOciLayer);
}

}  // namespace

Result<StoredImage> commit_image(const Call& call, const containerd::Lease& lease, const Store& store,
                                 const CommitSource& source, const CommitOptions& options) {
  const std::string& snapshotter = store.snapshots().snapshotter();
  NewImage image;
  if (!source.image_id.empty()) {
    const ImagePointer base = TRY(store.resolve(call, source.image_id, {}));
    image.config = base->config;
    image.layers = base->manifest.layers;
    image.parent = base->id.str();
  }
  TRY(check_depth(image.layers.size() + 1));
  image.config.config = source.config;
  TRY(apply_changes(options.changes, image.config.config));
  const auto layer = TRY(store_difference(call, lease, snapshotter, source.snapshot_key));
  const auto below = image.config.rootfs.diff_ids;
  const auto diff_id = TRY(Unpacker(lease, snapshotter).unpack_unknown(call, below, layer));
  image.layers.push_back(layer);
  image.config.rootfs.diff_ids.push_back(diff_id);
  image.config.created = now();
  image.config.author = options.author;
  if (image.config.os.empty()) {
    const auto host = image::Platform::host();
    image.config.os = host.os;
    image.config.architecture = host.architecture;
  }
  image::History step{.created = image.config.created, .author = options.author, .comment = options.comment};
  if (source.config.cmd) step.created_by = join(*source.config.cmd, " ");
  image.config.history.push_back(std::move(step));
  return store_image(call, lease.connection(), snapshotter, image);
}

}  // namespace hull::engine::images
