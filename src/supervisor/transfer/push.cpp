#include "supervisor/transfer/push.h"

#include <set>

#include "base/sys.h"
#include "spec/image/media_type.h"

namespace hull::supervisor {
namespace {

/// A blob as the body of an upload.
Result<registry::BodySource> body_of(TransferJob& job, const image::Digest& digest) {
  const auto blob = std::make_shared<UniqueFd>(TRY(job.stores.content.open_blob(job.scope, digest)));
  const auto offset = std::make_shared<int64_t>(0);
  return registry::BodySource([blob, offset](std::span<char> buffer) -> Result<size_t> {
    const size_t count = TRY(sys::pread(*blob, buffer, *offset));
    *offset += static_cast<int64_t>(count);
    return count;
  });
}

Result<void> push_blob(TransferJob& job, const RegistryPlace& to, const image::Descriptor& blob) {
  const auto info = TRY(job.stores.content.info(job.scope, blob.digest));
  std::optional<std::string> from;
  if (const auto known = info.labels.find("containerd.io/distribution.source." + to.reference.domain());
      known != info.labels.end() && known->second != to.reference.path())
    from = known->second.substr(0, known->second.find(','));
  const std::string name = "layer-" + blob.digest.str();
  job.report({.event = "uploading", .name = name, .parents = {to.name}, .total = blob.size, .descriptor = blob});
  TRY(to.client.push_blob(job.call, to.reference, blob, from, [&] { return body_of(job, blob.digest); }));
  job.report({.event = "complete",
              .name = name,
              .parents = {to.name},
              .progress = blob.size,
              .total = blob.size,
              .descriptor = blob});
  return {};
}

Result<void> push_document(TransferJob& job, const image::Reference& reference, const RegistryPlace& to,
                           const image::Descriptor& document) {
  auto text = TRY(read_document(job, document.digest));
  return to.client.push_manifest(job.call, reference, {document.media_type, document.digest, std::move(text)});
}

}  // namespace

Result<void> push_image(TransferJob& job, const ImageNames& source, const RegistryPlace& to) {
  const auto lease = TRY(TransferLease::take(job.stores.leases, job.scope));
  const std::string place = "OCI Registry (" + to.name + ")";
  job.report({.event = "Pushing to " + place});
  job.report({.event = "pushing content", .name = to.name});
  const auto record = TRY(job.stores.images.get(job.scope, source.name));
  const auto images = TRY(link_documents(job, record.target, source.platforms));
  std::set<image::Digest> pushed;
  for (const StoredImage& image : images) {
    for (const auto& layer : image.manifest.layers)
      if (!image::media::is_foreign_layer(layer.media_type) && pushed.insert(layer.digest).second)
        TRY(push_blob(job, to, layer));
    if (pushed.insert(image.manifest.config.digest).second) TRY(push_blob(job, to, image.manifest.config));
    if (image.descriptor.digest != record.target.digest)
      TRY(push_document(job, to.reference.with_digest(image.descriptor.digest), to, image.descriptor));
  }
  TRY(push_document(job, to.reference, to, record.target));
  job.report({.event = "Completed push to " + place});
  return {};
}

}  // namespace hull::supervisor
