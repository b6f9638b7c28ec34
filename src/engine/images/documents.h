#pragma once

#include "engine/containerd/leases.h"
#include "engine/images/store.h"

/// Stores the documents of images with the labels by which garbage collection finds what they refer to.
namespace hull::engine::images {

/// An image of more layers is refused: every container has to mount them all. Source: docker's limit.
inline constexpr size_t kMaxLayers = 125;
/// Errors: kInvalidArgument "max depth exceeded".
Result<void> check_depth(size_t layers);

/// A descriptor's size goes into archives, uploads and sums, so one that is wrong is refused where it comes in.
/// Errors: kDataLoss names both sizes.
Result<void> check_size(const containerd::BlobInfo& stored, const image::Descriptor& blob);

/// Stores a document that came with its digest, whatever that one's algorithm, and labels it.
/// Errors: kFailedPrecondition where it has another digest.
Result<void> store_document(const Call& call, const containerd::Content& content, const image::Digest& digest,
                            std::string_view text, const containerd::Labels& labels);

struct NewImage {
  image::ImageConfig config;
  std::vector<image::Descriptor> layers;  ///< stored already, as many as config.rootfs.diff_ids
  std::string parent;                     ///< id of the image it was made from, or empty
};

/// Stores configuration and manifest (OCI). Returns the manifest's descriptor; its config's digest is the image's id.
struct StoredImage {
  image::Digest id;
  image::Descriptor manifest;
};
Result<StoredImage> store_image(const Call& call, const containerd::Connection& leased, const std::string& snapshotter,
                                const NewImage& image);
/// The same with a configuration that is to stay as it is, byte for byte; it is stored already.
Result<StoredImage> store_manifest(const Call& call, const containerd::Connection& leased,
                                   const std::string& snapshotter, const image::Descriptor& config,
                                   const std::vector<image::Digest>& diff_ids,
                                   const std::vector<image::Descriptor>& layers);

/// Labels a manifest that is stored, and its configuration, so that they keep what they refer to.
Result<void> link_manifest(const Call& call, const containerd::Connection& leased, const std::string& snapshotter,
                           const image::Digest& digest, const image::Manifest& manifest,
                           const std::vector<image::Digest>& diff_ids);
/// Labels an index that is stored.
Result<void> link_index(const Call& call, const containerd::Connection& leased, const image::Digest& digest,
                        const image::Index& index);

}  // namespace hull::engine::images
