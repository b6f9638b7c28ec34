#pragma once

#include "archive/stream.h"
#include "engine/containerd/leases.h"
#include "spec/image/manifest.h"

namespace hull::engine::images {

/// The only layer of an image: its blob is stored, and the snapshot of its chain is there.
struct ImportedLayer {
  image::Descriptor blob;
  image::Digest diff_id;
};

/// Stores a tar of any compression and unpacks it while it comes.
/// Errors: kInvalidArgument where it is no sound tar. Nothing stays then.
Result<ImportedLayer> import_layer(const Call& call, const containerd::Lease& lease, const std::string& snapshotter,
                                   archive::Source& tar);

}  // namespace hull::engine::images
