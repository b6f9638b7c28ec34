#include "supervisor/transfer/documents.h"

#include <algorithm>
#include <set>

#include "base/files.h"
#include "base/ids.h"
#include "spec/image/media_type.h"

namespace hull::supervisor {
namespace {

constexpr size_t kBlockSize = size_t{1} << 20;
constexpr int kMaxDepth = 4;  // an index in an index is rare, a deeper one hostile
constexpr size_t kMaxImages = 1000;

Result<image::Descriptor> write_blob(TransferJob& job, const std::string& ref, const std::string& media_type,
                                     archive::Source& source) {
  auto writer = TRY(job.stores.content.writer(job.scope, ref, 0, {}));
  std::vector<char> buffer(kBlockSize);
  while (const size_t count = TRY(source.read(buffer))) {
    if (job.call.stop.stop_requested()) return cancelled("context canceled");
    TRY(writer.write({buffer.data(), count}));
  }
  image::Descriptor stored{.media_type = media_type, .digest = writer.digest(), .size = writer.status().offset};
  auto committed = writer.commit(0, {}, {});
  if (!committed.ok() && !committed.is(Code::kAlreadyExists)) return std::move(committed).error();
  TRY(is_stored(job, stored.digest));
  return stored;
}

/// Collects the images below a descriptor.
class Linker {
 public:
  Linker(TransferJob& job, const Platforms& platforms, OtherImages others)
      : job_(job), platforms_(platforms), others_(others) {}
  Result<void> visit(const image::Descriptor& descriptor, int depth) {
    if (image::media::is_index(descriptor.media_type)) return visit_index(descriptor, depth);
    if (image::media::is_manifest(descriptor.media_type)) return visit_manifest(descriptor);
    return invalid_argument("unsupported media type " + descriptor.media_type + " of " + descriptor.digest.str());
  }
  std::vector<StoredImage> take() { return std::move(images_); }

 private:
  Result<void> visit_index(const image::Descriptor& descriptor, int depth) {
    if (depth == kMaxDepth) return invalid_argument("index " + descriptor.digest.str() + " is nested too deeply");
    const auto index = TRY(image::parse_index(TRY(read_document(job_, descriptor.digest))));
    Labels labels;
    const auto chosen = meant(platforms_, index.manifests);
    for (size_t i = 0; i < index.manifests.size(); ++i) {
      const auto& entry = index.manifests[i];
      if (std::ranges::binary_search(chosen, i))
        TRY(visit(entry, depth + 1));
      else if (others_ == OtherImages::kNothing || !TRY(keep_metadata(entry)))
        continue;
      labels["containerd.io/gc.ref.content.m." + std::to_string(i)] = entry.digest.str();
    }
    return add_labels(job_, descriptor.digest, labels);
  }
  /// False where it is not there.
  Result<bool> keep_metadata(const image::Descriptor& descriptor) {
    if (!image::media::is_manifest(descriptor.media_type) || !TRY(is_stored(job_, descriptor.digest))) return false;
    const auto manifest = TRY(image::parse_manifest(TRY(read_document(job_, descriptor.digest))));
    if (TRY(is_stored(job_, manifest.config.digest)))
      TRY(add_labels(job_, descriptor.digest, {{"containerd.io/gc.ref.content.config", manifest.config.digest.str()}}));
    return true;
  }
  Result<void> visit_manifest(const image::Descriptor& descriptor) {
    if (images_.size() == kMaxImages) return invalid_argument("more than 1000 images in one");
    auto manifest = TRY(image::parse_manifest(TRY(read_document(job_, descriptor.digest))));
    Labels labels{{"containerd.io/gc.ref.content.config", manifest.config.digest.str()}};
    TRY(require(manifest.config));
    for (size_t i = 0; i < manifest.layers.size(); ++i) {
      TRY(require(manifest.layers[i]));
      labels["containerd.io/gc.ref.content.l." + std::to_string(i)] = manifest.layers[i].digest.str();
    }
    images_.push_back({descriptor, std::move(manifest)});
    return add_labels(job_, descriptor.digest, labels);
  }
  Result<void> require(const image::Descriptor& part) {
    if (image::media::is_foreign_layer(part.media_type) || TRY(is_stored(job_, part.digest))) return {};
    return not_found("content digest " + part.digest.str());
  }

  TransferJob& job_;
  const Platforms& platforms_;
  const OtherImages others_;
  std::vector<StoredImage> images_;
};

Result<Snapshotter*> find_snapshotter(const TransferJob& job, const std::string& name) {
  for (Snapshotter* snapshotter : job.stores.snapshotters)
    if (name.empty() || snapshotter->name() == name) return snapshotter;
  return not_found("snapshotter not loaded: " + name);
}

/// One layer over the chain that ends in `parent`.
Result<void> unpack_layer(TransferJob& job, Snapshotter& snapshotter, const image::Descriptor& layer,
                          const std::string& parent, const std::string& chain, const image::Digest& expected) {
  const std::string key = "extract-" + random_hex(12) + " " + chain;
  const auto mounts = TRY(snapshotter.prepare(job.scope, key, parent, {}));
  const auto make = [&]() -> Result<void> {
    const auto applied = TRY(job.stores.differ.apply(job.scope, layer, mounts, SyncFs::kNo)
                                 .context("failed to extract layer " + expected.str()));
    if (applied.digest != expected)
      return data_loss("wrong diff id calculated on extraction \"" + applied.digest.str() + "\" of layer " +
                       layer.digest.str() + ", expected \"" + expected.str() + "\"");
    TRY(add_labels(job, layer.digest, {{"containerd.io/uncompressed", expected.str()}}));
    return snapshotter.commit(job.scope, chain, key, {});
  };
  auto made = make();
  if (made.ok()) return {};
  (void)snapshotter.remove(job.scope, key).ok();
  return made.is(Code::kAlreadyExists) ? Result<void>() : made;  // another was quicker
}

}  // namespace

Result<image::Descriptor> store_blob(TransferJob& job, const std::string& media_type, archive::Source& source) {
  const std::string ref = "transfer-" + random_hex(16);
  auto stored = write_blob(job, ref, media_type, source);
  if (!stored.ok()) (void)job.stores.content.abort(job.scope, ref).ok();  // nobody could go on with it
  return stored;
}

Result<image::Descriptor> store_document(TransferJob& job, const std::string& media_type, const std::string& text) {
  archive::MemorySource source(text);
  return store_blob(job, media_type, source);
}

Result<std::string> read_document(TransferJob& job, const image::Digest& digest) {
  const auto info = TRY(job.stores.content.info(job.scope, digest));
  if (info.size > static_cast<int64_t>(image::kMaxManifestSize))
    return Error(Code::kResourceExhausted, "content " + digest.str() + " has more than 4 MiB: no document");
  const auto blob = TRY(job.stores.content.open_blob(job.scope, digest));
  return read_all(blob, Bytes{static_cast<int64_t>(image::kMaxManifestSize)});
}

Result<bool> is_stored(TransferJob& job, const image::Digest& digest) {
  // Leased first: it could be collected after the look.
  if (!job.scope.lease.empty()) TRY(job.stores.leases.add(job.scope, job.scope.lease, {"content", digest.str()}));
  const auto info = job.stores.content.info(job.scope, digest);
  if (!info.ok() && !info.is(Code::kNotFound)) return info.error();
  return info.ok();
}

std::vector<size_t> meant(const Platforms& platforms, std::span<const image::Descriptor> entries) {
  std::set<size_t> chosen;
  for (size_t i = 0; i < entries.size(); ++i)
    if (platforms.empty() || !entries[i].platform) chosen.insert(i);
  for (const auto& platform : platforms) {
    const auto runnable = image::runnable_on(platform);
    std::map<int, std::set<size_t>> by_rank;
    for (size_t i = 0; i < entries.size(); ++i)
      if (entries[i].platform) by_rank[image::rank(runnable, *entries[i].platform)].insert(i);
    by_rank.erase(-1);
    if (!by_rank.empty()) chosen.merge(by_rank.begin()->second);
  }
  return {chosen.begin(), chosen.end()};
}

Result<std::vector<StoredImage>> link_documents(TransferJob& job, const image::Descriptor& top,
                                                const Platforms& platforms, OtherImages others) {
  Linker linker(job, platforms, others);
  TRY(linker.visit(top, 0));
  return linker.take();
}

Result<void> add_labels(TransferJob& job, const image::Digest& digest, const Labels& labels) {
  ContentInfo info{.digest = digest, .labels = labels};
  Mask mask;
  for (const auto& [key, value] : labels) mask.paths.push_back("labels." + key);
  if (mask.paths.empty()) return {};
  TRY(job.stores.content.update(job.scope, info, mask));
  return {};
}

Result<void> unpack_image(TransferJob& job, const StoredImage& image, const std::string& snapshotter) {
  Snapshotter& into = *TRY(find_snapshotter(job, snapshotter));
  const std::string kind = "snapshots/" + std::string(into.name());
  const auto& config_digest = image.manifest.config.digest;
  const auto config = TRY(json::parse<image::ImageConfig>(TRY(read_document(job, config_digest)))
                              .context("read configuration " + config_digest.str()));
  const std::span<const image::Digest> diff_ids(config.rootfs.diff_ids);
  if (diff_ids.size() != image.manifest.layers.size())
    return data_loss("mismatched image rootfs and manifest layers of " + image.descriptor.digest.str());
  for (size_t i = 0; i < diff_ids.size(); ++i) {
    if (job.call.stop.stop_requested()) return cancelled("context canceled");
    const std::string chain = image::chain_id(diff_ids.first(i + 1)).str();
    TRY(job.stores.leases.add(job.scope, job.scope.lease, {kind, chain}));
    const auto known = into.stat(job.scope, chain);
    if (known.ok()) continue;
    if (!known.is(Code::kNotFound)) return known.error();
    const std::string parent = i == 0 ? "" : image::chain_id(diff_ids.first(i)).str();
    const auto& layer = image.manifest.layers[i];
    job.report(
        {.event = "extracting", .name = "layer-" + layer.digest.str(), .total = layer.size, .descriptor = layer});
    TRY(unpack_layer(job, into, layer, parent, chain, diff_ids[i]));
    job.report({.event = "extracted",
                .name = "layer-" + layer.digest.str(),
                .progress = layer.size,
                .total = layer.size,
                .descriptor = layer});
  }
  if (diff_ids.empty()) return {};
  return add_labels(job, config_digest,
                    {{"containerd.io/gc.ref.snapshot." + std::string(into.name()), image::chain_id(diff_ids).str()}});
}

}  // namespace hull::supervisor
