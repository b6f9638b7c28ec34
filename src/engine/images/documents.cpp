#include "engine/images/documents.h"

#include "base/ids.h"
#include "engine/images/names.h"
#include "spec/image/media_type.h"

// Labels: containerd's docs/garbage-collection.md.
namespace hull::engine::images {
namespace {

containerd::Labels manifest_labels(const image::Manifest& manifest) {
  containerd::Labels labels{{"containerd.io/gc.ref.content.config", manifest.config.digest.str()}};
  for (size_t i = 0; i < manifest.layers.size(); ++i)
    labels["containerd.io/gc.ref.content.l." + std::to_string(i)] = manifest.layers[i].digest.str();
  return labels;
}

containerd::Labels config_labels(const std::string& snapshotter, const std::vector<image::Digest>& diff_ids) {
  if (diff_ids.empty()) return {};
  return {{"containerd.io/gc.ref.snapshot." + snapshotter, image::chain_id(diff_ids).str()}};
}

}  // namespace

Result<void> check_depth(size_t layers) {
  if (layers <= kMaxLayers) return {};
  return invalid_argument("max depth exceeded: " + std::to_string(layers) + " layers, more than " +
                          std::to_string(kMaxLayers));
}

Result<void> check_size(const containerd::BlobInfo& stored, const image::Descriptor& blob) {
  if (stored.size == blob.size) return {};
  return data_loss("blob " + blob.digest.str() + " has " + std::to_string(stored.size) +
                   " bytes, but its descriptor says " + std::to_string(blob.size));
}

Result<void> store_document(const Call& call, const containerd::Content& content, const image::Digest& digest,
                            std::string_view text, const containerd::Labels& labels) {
  const auto size = static_cast<int64_t>(text.size());
  const auto store = [&]() -> Result<image::Digest> {
    // Unique, so that two who store the same document don't wait for each other.
    const auto ref = "put-" + digest.str() + "-" + random_hex(8);
    const auto writer = TRY(content.writer(call, {.ref = ref, .expected = digest, .total = size}));
    TRY(writer->write(text));
    return writer->commit(size, digest, labels);
  };
  auto stored = store();
  if (stored.is(Code::kAlreadyExists))
    return labels.empty() ? Result<void>() : content.set_labels(call, digest, labels);
  TRY(std::move(stored));
  return {};
}

Result<StoredImage> store_image(const Call& call, const containerd::Connection& leased, const std::string& snapshotter,
                                const NewImage& image) {
  const containerd::Content content(leased);
  const std::string text = json::format(image.config);
  containerd::Labels labels = config_labels(snapshotter, image.config.rootfs.diff_ids);
  if (!image.parent.empty()) labels[std::string(kParentLabel)] = image.parent;
  image::Descriptor config{.media_type = std::string(image::media::kOciConfig),
                           .size = static_cast<int64_t>(text.size())};
  config.digest = TRY(content.put(call, text, labels).context("store image configuration"));
  return store_manifest(call, leased, snapshotter, config, image.config.rootfs.diff_ids, image.layers);
}

Result<StoredImage> store_manifest(const Call& call, const containerd::Connection& leased,
                                   const std::string& snapshotter, const image::Descriptor& config,
                                   const std::vector<image::Digest>& diff_ids,
                                   const std::vector<image::Descriptor>& layers) {
  const containerd::Content content(leased);
  const image::Manifest manifest{
      .media_type = std::string(image::media::kOciManifest), .config = config, .layers = layers};
  const std::string text = json::format(manifest);
  image::Descriptor descriptor{.media_type = manifest.media_type, .size = static_cast<int64_t>(text.size())};
  descriptor.digest = TRY(content.put(call, text, manifest_labels(manifest)).context("store image manifest"));
  if (!diff_ids.empty()) TRY(content.set_labels(call, config.digest, config_labels(snapshotter, diff_ids)));
  return StoredImage{config.digest, descriptor};
}

Result<void> link_manifest(const Call& call, const containerd::Connection& leased, const std::string& snapshotter,
                           const image::Digest& digest, const image::Manifest& manifest,
                           const std::vector<image::Digest>& diff_ids) {
  const containerd::Content content(leased);
  TRY(content.set_labels(call, digest, manifest_labels(manifest)));
  if (!diff_ids.empty()) TRY(content.set_labels(call, manifest.config.digest, config_labels(snapshotter, diff_ids)));
  return {};
}

Result<void> link_index(const Call& call, const containerd::Connection& leased, const image::Digest& digest,
                        const image::Index& index) {
  containerd::Labels labels;
  for (size_t i = 0; i < index.manifests.size(); ++i)
    labels["containerd.io/gc.ref.content.m." + std::to_string(i)] = index.manifests[i].digest.str();
  if (labels.empty()) return {};
  return containerd::Content(leased).set_labels(call, digest, labels);
}

}  // namespace hull::engine::images
