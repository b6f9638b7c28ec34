#pragma once

#include "archive/stream.h"
#include "spec/image/config.h"
#include "spec/image/manifest.h"
#include "supervisor/transfer/job.h"

namespace hull::supervisor {

/// Stores bytes; digest and size are those of what came. Ones that are there already are leased.
Result<image::Descriptor> store_blob(TransferJob& job, const std::string& media_type, archive::Source& source);
Result<image::Descriptor> store_document(TransferJob& job, const std::string& media_type, const std::string& text);
/// A manifest, index or configuration. Errors: kNotFound; kResourceExhausted over 4 MiB.
Result<std::string> read_document(TransferJob& job, const image::Digest& digest);
/// Leases it. False where the namespace has no such blob.
Result<bool> is_stored(TransferJob& job, const image::Digest& digest);

/// For which machines images are meant; none: all.
using Platforms = std::vector<image::Platform>;
/// Positions of the entries that run best on these machines, and of those that say nothing of theirs.
std::vector<size_t> meant(const Platforms& platforms, std::span<const image::Descriptor> entries);

/// One image below a descriptor: the manifest, and what it has.
struct StoredImage {
  image::Descriptor descriptor;
  image::Manifest manifest;
};
/// What is kept of images that are not meant.
enum class OtherImages { kNothing, kMetadata };
/// Goes through an index (of an index …) to the images that are meant, and labels each document so that its parts are
/// kept. Parts that are not meant may be missing. Errors: kNotFound names the missing part; kInvalidArgument.
Result<std::vector<StoredImage>> link_documents(TransferJob& job, const image::Descriptor& top,
                                                const Platforms& platforms, OtherImages others = OtherImages::kNothing);
/// Adds labels to a blob's.
Result<void> add_labels(TransferJob& job, const image::Digest& digest, const Labels& labels);

/// Makes the snapshots of all layers. snapshotter: "" is the first one.
/// Errors: kNotFound: no such snapshotter; kDataLoss: a layer is not what the configuration says.
Result<void> unpack_image(TransferJob& job, const StoredImage& image, const std::string& snapshotter);

}  // namespace hull::supervisor
