#include "engine/images/import.h"

#include "engine/images/changes.h"
#include "engine/images/import_layer.h"

namespace hull::engine::images {

Result<StoredImage> import_image(const Call& call, const containerd::Lease& lease, const std::string& snapshotter,
                                 archive::Source& tar, const ImportOptions& options) {
  NewImage image;
  TRY(apply_changes(options.changes, image.config.config));
  const containerd::Content content(lease.connection());
  const auto [layer, diff_id] = TRY(import_layer(call, lease, snapshotter, tar));
  TRY(content.set_labels(call, layer.digest, {{"containerd.io/uncompressed", diff_id.str()}}));
  image.layers = {layer};
  image.config.created = now();
  image.config.architecture = options.platform.architecture;
  image.config.variant = options.platform.variant;
  image.config.os = options.platform.os;
  image.config.rootfs.diff_ids = {diff_id};
  image.config.history = {{.created = image.config.created, .comment = options.message}};
  return store_image(call, lease.connection(), snapshotter, image);
}

}  // namespace hull::engine::images
