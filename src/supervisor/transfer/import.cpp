#include "supervisor/transfer/import.h"

#include <sys/stat.h>

#include <algorithm>

#include "archive/compression.h"
#include "archive/entry_source.h"
#include "archive/tar_reader.h"
#include "base/sys.h"
#include "base/text.h"
#include "spec/image/media_type.h"
#include "spec/image/reference.h"

namespace hull::supervisor {
namespace {

namespace media = image::media;

constexpr size_t kMaxEntries = 20000;
constexpr Bytes kMaxDocument = 4_MiB;

/// docker save's list of images.
struct SavedImage {
  std::string config;
  std::vector<std::string> tags;
  std::vector<std::string> layers;
};
template <class V>
void describe(V& json, SavedImage& image) {
  json.required("Config", image.config);
  json.field("RepoTags", image.tags);
  json.required("Layers", image.layers);
}

/// "./a//b" is "a/b"; links lead from the directory of `base`. Nothing leads out: the names are only names here.
std::string normalized(std::string_view path, std::string_view base = "") {
  std::vector<std::string_view> parts;
  const auto take = [&](std::string_view text) {
    for (const auto part : split(text, '/')) {
      if (part.empty() || part == ".") continue;
      if (part != "..")
        parts.push_back(part);
      else if (!parts.empty())
        parts.pop_back();
    }
  };
  if (!path.starts_with('/')) take(base.substr(0, base.rfind('/') == base.npos ? 0 : base.rfind('/')));
  take(path);
  std::string out;
  for (const auto part : parts) out += (out.empty() ? "" : "/") + std::string(part);
  return out;
}

/// What came out of the tar.
struct Contents {
  std::string index;     ///< index.json
  std::string manifest;  ///< manifest.json
  std::map<std::string, image::Descriptor> files;
  std::map<std::string, std::string> links;

  Result<image::Descriptor> find(const std::string& name) const {
    std::string path = normalized(name);
    for (int hops = 0; hops < 8; ++hops) {
      if (const auto file = files.find(path); file != files.end()) return file->second;
      const auto link = links.find(path);
      if (link == links.end()) break;
      path = link->second;
    }
    return invalid_argument("manifest.json: \"" + name + "\" is not in the archive");
  }
};

Result<void> take_entry(TransferJob& job, archive::TarReader& tar, const archive::TarEntry& entry, Contents& out) {
  const std::string name = normalized(entry.name);
  if (S_ISLNK(entry.mode)) return out.links[name] = normalized(entry.link, name), Result<void>();
  if (entry.is_hard_link) return out.links[name] = normalized(entry.link), Result<void>();
  if (!S_ISREG(entry.mode)) return {};
  if (name == "index.json" || name == "manifest.json") {
    (name == "index.json" ? out.index : out.manifest) = TRY(tar.read_content(kMaxDocument).context(name));
    return {};
  }
  if (name == "oci-layout" || name == "repositories") return {};
  archive::EntrySource source(tar, entry.size);
  auto stored = TRY(store_blob(job, "", source).context(name));
  const auto parts = split(name, '/');
  if (parts.size() == 3 && parts[0] == "blobs" && parts[1] == "sha256" && parts[2] != stored.digest.str().substr(7))
    return data_loss(name + " is damaged: its bytes have the digest " + stored.digest.str());
  out.files.emplace(name, std::move(stored));
  return {};
}

Result<Contents> read_tar(TransferJob& job, archive::Source& source) {
  Contents out;
  const auto plain = TRY(archive::decompress(source));
  archive::TarReader tar(*plain);
  for (size_t count = 0;; ++count) {
    const auto entry = TRY(tar.next());
    if (!entry) break;
    if (count == kMaxEntries) return invalid_argument("the archive has more than 20000 entries");
    TRY(take_entry(job, tar, *entry, out));
  }
  TRY(archive::drain(*plain));  // the sender waits until all is read
  return out;
}

/// What docker save writes says nothing of compression: the bytes do.
Result<image::Descriptor> layer_of(TransferJob& job, image::Descriptor file) {
  const auto blob = TRY(job.stores.content.open_blob(job.scope, file.digest));
  char first[6];
  const size_t count = TRY(sys::pread(blob, first, 0));
  switch (archive::detect({first, count})) {
    case archive::Format::kGzip: file.media_type = media::kDockerLayerGzip; break;
    case archive::Format::kZstd: file.media_type = media::kDockerLayerZstd; break;
    default: file.media_type = media::kDockerLayer;
  }
  return file;
}

Result<void> add_saved(TransferJob& job, const Contents& contents, const SavedImage& saved, image::Index& index) {
  image::Manifest manifest;
  manifest.media_type = media::kDockerManifest;
  manifest.config = TRY(contents.find(saved.config));
  manifest.config.media_type = media::kDockerConfig;
  for (const auto& layer : saved.layers) manifest.layers.push_back(TRY(layer_of(job, TRY(contents.find(layer)))));
  auto descriptor = TRY(store_document(job, std::string(media::kDockerManifest), json::format(manifest)));
  const auto config = TRY(json::parse<image::ImageConfig>(TRY(read_document(job, manifest.config.digest)))
                              .context("read configuration " + saved.config));
  descriptor.platform = config.platform();
  if (saved.tags.empty()) index.manifests.push_back(descriptor);
  for (const auto& tag : saved.tags) {
    const auto reference =
        TRY(image::Reference::parse(tag).context("manifest.json: RepoTags: " + tag)).with_default_tag();
    descriptor.annotations = {{"io.containerd.image.name", reference.str()},
                              {"org.opencontainers.image.ref.name", reference.tag().value_or("")}};
    index.manifests.push_back(descriptor);
  }
  return {};
}

/// An OCI layout says it itself; docker save's archive gets an index.
Result<std::string> index_of(TransferJob& job, const Contents& contents) {
  if (!contents.index.empty()) return contents.index;
  if (contents.manifest.empty()) return invalid_argument("the archive has neither index.json nor manifest.json");
  image::Index index;
  for (const auto& saved : TRY(json::parse<std::vector<SavedImage>>(contents.manifest).context("manifest.json")))
    TRY(add_saved(job, contents, saved, index));
  return json::format(index);
}

}  // namespace

Result<void> import_images(TransferJob& job, archive::Source& tar, const ImageNames& wanted, const ImageKept& kept) {
  const auto lease = TRY(TransferLease::take(job.stores.leases, job.scope));
  job.report({.event = "Importing"});
  const std::string text = TRY(index_of(job, TRY(read_tar(job, tar))));
  const auto index = TRY(image::parse_index(text).context("index.json"));
  const auto top = TRY(store_document(job, std::string(media::kOciIndex), text));
  std::vector<StoredImage> images;
  Labels labels;
  const auto chosen = meant(wanted.platforms, index.manifests);
  for (const size_t i : chosen) {
    const auto& entry = index.manifests[i];
    for (auto& image : TRY(link_documents(job, entry, wanted.platforms))) images.push_back(std::move(image));
    labels["containerd.io/gc.ref.content.m." + std::to_string(i)] = entry.digest.str();
  }
  if (images.empty()) return not_found("the archive has no image for the wanted platform");
  TRY(add_labels(job, top.digest, labels));
  TRY(unpack_wished(job, wanted, images));
  if (!wanted.name.empty()) TRY(keep_image(job, top, wanted.labels, {wanted.name}, kept));
  for (const size_t i : chosen) {
    const auto& entry = index.manifests[i];
    TRY(keep_image(job, entry, wanted.labels, names_of_imported(wanted, entry), kept));
  }
  job.report({.event = "Completed import"});
  return {};
}

}  // namespace hull::supervisor
