#include "supervisor/transfer/export.h"

#include <sys/stat.h>

#include <set>

#include "archive/tar_writer.h"
#include "base/sys.h"
#include "base/text.h"
#include "spec/image/media_type.h"
#include "spec/image/reference.h"

namespace hull::supervisor {
namespace {

struct SavedImage {
  std::string config;
  std::vector<std::string> tags;
  std::vector<std::string> layers;
};
template <class V>
void describe(V& json, SavedImage& image) {
  json.required("Config", image.config);
  json.required("RepoTags", image.tags);
  json.required("Layers", image.layers);
}

std::string path_of(const image::Digest& digest) {
  const auto parts = cut(digest.str(), ":");
  return "blobs/" + std::string(parts->before) + "/" + std::string(parts->after);
}

archive::TarEntry entry_of(const std::string& name, mode_t mode, int64_t size) {
  archive::TarEntry entry;
  entry.name = name;
  entry.mode = mode;
  entry.size = size;
  return entry;
}

/// Collects what the images are made of, then writes it in the order of names.
class Exporter {
 public:
  Exporter(TransferJob& job, const ExportWish& wish) : job_(job), wish_(wish) {}

  Result<void> add(const ImageRecord& record) {
    auto descriptor = record.target;
    descriptor.annotations["io.containerd.image.name"] = record.name;
    const auto reference = image::Reference::parse(record.name);
    if (reference.ok() && reference->tag())
      descriptor.annotations["org.opencontainers.image.ref.name"] = *reference->tag();
    index_.manifests.push_back(descriptor);
    TRY(collect(record.target, 0));
    for (const auto& image : TRY(link_documents(job_, record.target, wish_.platforms))) TRY(add_saved(image, record));
    return {};
  }

  Result<void> write(archive::Sink& sink) {
    archive::TarWriter tar(sink);
    TRY(tar.begin(entry_of("blobs/", S_IFDIR | 0755, 0)));
    TRY(tar.begin(entry_of("blobs/sha256/", S_IFDIR | 0755, 0)));
    for (const auto& digest : blobs_) TRY(write_blob(tar, digest));
    index_.media_type = image::media::kOciIndex;
    TRY(tar.add_file("index.json", json::format(index_)));
    if (wish_.docker_manifest == DockerManifest::kYes && !saved_.empty())
      TRY(tar.add_file("manifest.json", json::format(saved_)));
    TRY(tar.add_file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})"));
    return tar.finish();
  }

 private:
  Result<void> collect(const image::Descriptor& top, int depth) {
    blobs_.insert(top.digest);
    if (!image::media::is_index(top.media_type) || depth > 4) return {};
    const auto index = TRY(image::parse_index(TRY(read_document(job_, top.digest))));
    for (const size_t i : meant(wish_.platforms, index.manifests)) TRY(collect(index.manifests[i], depth + 1));
    return {};
  }

  Result<void> add_saved(const StoredImage& image, const ImageRecord& record) {
    SavedImage saved{.config = path_of(image.manifest.config.digest)};
    blobs_.insert(image.manifest.config.digest);
    for (const auto& layer : image.manifest.layers) {
      if (image::media::is_foreign_layer(layer.media_type))
        return unimplemented("layer " + layer.digest.str() + " is not distributable and can't be exported");
      blobs_.insert(layer.digest);
      saved.layers.push_back(path_of(layer.digest));
    }
    const auto reference = image::Reference::parse(record.name);
    if (reference.ok()) saved.tags.push_back(reference->familiar());
    // docker load takes one image of a name.
    if (!meant({image::Platform::host()}, {&image.descriptor, 1}).empty()) saved_.push_back(std::move(saved));
    return {};
  }

  Result<void> write_blob(archive::TarWriter& tar, const image::Digest& digest) {
    const auto blob = TRY(job_.stores.content.open_blob(job_.scope, digest));
    const int64_t size = TRY(sys::fstat(blob)).st_size;
    TRY(tar.begin(entry_of(path_of(digest), S_IFREG | 0444, size)));
    std::vector<char> buffer(size_t{1} << 20);
    for (int64_t offset = 0; offset < size;) {
      if (job_.call.stop.stop_requested()) return cancelled("context canceled");
      const size_t count = TRY(sys::pread(blob, buffer, offset));
      if (count == 0) return data_loss("content " + digest.str() + " ends early");
      TRY(tar.write({buffer.data(), count}));
      offset += static_cast<int64_t>(count);
    }
    return {};
  }

  TransferJob& job_;
  const ExportWish& wish_;
  image::Index index_;
  std::vector<SavedImage> saved_;
  std::set<image::Digest> blobs_;
};

}  // namespace

Result<void> export_images(TransferJob& job, const ImageNames& wanted, const ExportWish& wish, archive::Sink& tar) {
  const auto lease = TRY(TransferLease::take(job.stores.leases, job.scope));
  job.report({.event = "Exporting"});
  Exporter exporter(job, wish);
  for (const auto& record : TRY(look_up(job, wanted))) TRY(exporter.add(record));
  TRY(exporter.write(tar));
  job.report({.event = "Completed export"});
  return {};
}

}  // namespace hull::supervisor
