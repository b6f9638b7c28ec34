#pragma once

#include <string>
#include <vector>

#include "archive/apart.h"
#include "archive/stream.h"
#include "spec/image/manifest.h"
#include "supervisor/metadata/content.h"
#include "supervisor/snapshots/mount.h"

namespace hull::supervisor {

enum class SyncFs { kNo, kYes };

/// Layers to mounts and mounts to layers. Where the mounts are those of our snapshotters, their directories are used as
/// they are; any others are mounted for the time of the call.
class Differ {
 public:
  /// scratch: where mount points are made.
  Differ(ContentStore& content, std::string scratch, archive::LayerUnpacker unpack)
      : content_(content), scratch_(std::move(scratch)), unpack_(std::move(unpack)) {}

  /// Unpacks the layer; gives the descriptor of the uncompressed one.
  /// Errors: kNotFound: no such content; kInvalidArgument: no layer, or one that climbs out; kDataLoss.
  Result<image::Descriptor> apply(const Scope& scope, const image::Descriptor& layer, const std::vector<Mount>& mounts,
                                  SyncFs sync);

  struct DiffOptions {
    std::string media_type;  ///< "" is an OCI gzip layer
    std::string ref;         ///< of the write; "" for one of our own
    Labels labels;
  };
  /// Writes what `right` has over `left` to the content store, labelled with the uncompressed digest.
  Result<image::Descriptor> diff(const Scope& scope, const std::vector<Mount>& left, const std::vector<Mount>& right,
                                 DiffOptions options);

 private:
  Result<image::Descriptor> diff_into(const Scope& scope, const std::vector<Mount>& left,
                                      const std::vector<Mount>& right, const DiffOptions& options);
  Result<void> write_diff(const std::vector<Mount>& left, const std::vector<Mount>& right, archive::Sink& sink);

  ContentStore& content_;
  const std::string scratch_;
  const archive::LayerUnpacker unpack_;
};

}  // namespace hull::supervisor
