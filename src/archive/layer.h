#pragma once

#include "archive/apply.h"
#include "archive/compression.h"
#include "spec/image/digest.h"

namespace hull::archive {

struct UnpackedLayer {
  image::Digest diff_id;  ///< of the uncompressed tar
  int64_t size = 0;       ///< of the uncompressed tar
};

/// Inflates and digests a layer's blob on one thread and unpacks it on another. Disks lose bytes: the blob is hashed
/// once more on the way. Errors: apply_layer()'s; kDataLoss where it is not what its digest says.
Result<UnpackedLayer> unpack_layer(UniqueFd blob, const image::Digest& digest, FdRef root, const ApplyOptions& options);

}  // namespace hull::archive
