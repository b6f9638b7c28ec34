#include "engine/images/save.h"

#include <algorithm>
#include <set>

#include "archive/tar_writer.h"
#include "engine/images/names.h"
#include "spec/image/media_type.h"

namespace hull::engine::images {
namespace {

struct ArchiveItem {
  std::string config;
  std::optional<std::vector<std::string>> repo_tags;
  std::vector<std::string> layers;
};
template <class V>
void describe(V& json, ArchiveItem& item) {
  json.field("Config", item.config);
  json.nullable("RepoTags", item.repo_tags);
  json.field("Layers", item.layers);
}

std::string blob_path(const image::Digest& digest) {
  return "blobs/" + std::string(image::to_string(digest.algorithm())) + "/" + std::string(digest.hex());
}

class Saver {
 public:
  Saver(const Call& call, const Store& store, archive::Sink& sink) : call_(call), store_(store), tar_(sink) {}

  Result<void> add(const SavedImage& saved) {
    const Image& image = *saved.image;
    TRY(add_blob(image.id));
    for (const auto& layer : image.manifest.layers) TRY(add_blob(layer.digest));
    TRY(add_blob(image.descriptor.digest));
    image::Descriptor target = image.descriptor;
    if (TRY(add_rest_of_index(saved))) target = saved.target;
    note(saved, target);
    return {};
  }

  Result<void> finish() {
    TRY(tar_.add_file("index.json", json::format(index_)));
    TRY(tar_.add_file("manifest.json", json::format(items_)));
    TRY(tar_.add_file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})"));
    if (!repositories_.empty()) TRY(tar_.add_file("repositories", json::format(repositories_)));
    return tar_.finish();
  }

 private:
  Result<void> add_blob(const image::Digest& digest) {
    if (!written_.insert(digest).second) return {};
    // The store's size: descriptors that other clients of the supervisor wrote may say anything.
    const int64_t size = TRY(store_.content().info(call_, digest)).size;
    TRY(tar_.begin({.name = blob_path(digest), .mode = S_IFREG | 0644, .size = size}));
    const auto reader = TRY(store_.content().open(call_, digest));
    while (true) {
      const std::string_view data = TRY(reader->next().context("read blob " + digest.str()));
      if (data.empty()) return {};
      TRY(tar_.write(data));
    }
  }
  /// An index goes in only where all that it names is here; else its one manifest stands for it.
  Result<bool> add_rest_of_index(const SavedImage& saved);
  void note(const SavedImage& saved, image::Descriptor target);

  const Call& call_;
  const Store& store_;
  archive::TarWriter tar_;
  std::set<image::Digest> written_;
  image::Index index_{.media_type = std::string(image::media::kOciIndex)};
  std::vector<ArchiveItem> items_;
  std::map<std::string, std::map<std::string, std::string>> repositories_;
};

Result<bool> Saver::add_rest_of_index(const SavedImage& saved) {
  if (!image::media::is_index(saved.target.media_type)) return false;
  const auto index = TRY(image::parse_index(TRY(store_.content().read(call_, saved.target.digest, kMaxDocument))));
  std::set<image::Digest> manifests;
  std::set<image::Digest> blobs;
  for (const auto& child : index.manifests) {
    if (!manifests.insert(child.digest).second) continue;
    const auto text = store_.content().read(call_, child.digest, kMaxDocument);
    if (!text.ok()) return false;
    const auto manifest = image::parse_manifest(*text);
    if (!manifest.ok()) return false;
    blobs.insert(manifest->config.digest);
    for (const auto& layer : manifest->layers) blobs.insert(layer.digest);
  }
  for (const auto& blob : blobs)
    if (!store_.content().info(call_, blob).ok()) return false;
  for (const auto& blob : blobs) TRY(add_blob(blob));
  for (const auto& manifest : manifests) TRY(add_blob(manifest));
  TRY(add_blob(saved.target.digest));
  return true;
}

void Saver::note(const SavedImage& saved, image::Descriptor target) {
  const Image& image = *saved.image;
  ArchiveItem item{.config = blob_path(image.id)};
  for (const auto& layer : image.manifest.layers) item.layers.push_back(blob_path(layer.digest));
  for (const auto& name : saved.names) {
    if (!item.repo_tags) item.repo_tags.emplace();
    item.repo_tags->push_back(name.familiar());
    repositories_[name.familiar_name()][*name.tag()] = std::string(image.descriptor.digest.hex());
    target.annotations = {{"io.containerd.image.name", name.str()}, {"org.opencontainers.image.ref.name", *name.tag()}};
    index_.manifests.push_back(target);
  }
  if (saved.names.empty()) index_.manifests.push_back(target);
  items_.push_back(std::move(item));
}

/// What one word of the user's stands for.
Result<std::vector<SavedImage>> select_one(const Call& call, const Store& store, const std::string& text) {
  std::vector<SavedImage> out;
  const auto name = image::Reference::parse(text);
  const bool is_name = name.ok() && !image::is_bare_id(text) && !name->digest();
  if (is_name) {
    for (const auto& record : TRY(store.records().list(call))) {
      const auto other = image::Reference::parse(record.name);
      if (is_dangling(record.name) || !other.ok() || !other->tag() || other->digest()) continue;
      if (other->name() != name->name() || (name->tag() && *name->tag() != *other->tag())) continue;
      // The name's own target: another name of the same image may stand for another manifest.
      out.push_back({TRY(store.image_of(call, record.target)), record.target, {*other}});
    }
  }
  if (!out.empty()) return out;
  const Entry entry = TRY(store.find(call, text));
  out.push_back({entry.image, entry.records.empty() ? entry.image->descriptor : entry.records.front().target, {}});
  return out;
}

}  // namespace

Result<std::vector<SavedImage>> select_to_save(const Call& call, const Store& store,
                                               const std::vector<std::string>& references) {
  std::vector<SavedImage> out;
  for (const auto& text : references) {
    for (auto& one : TRY(select_one(call, store, text))) {
      const auto known = std::ranges::find_if(out, [&](const auto& s) { return s.target.digest == one.target.digest; });
      if (known == out.end()) {
        out.push_back(std::move(one));
        continue;
      }
      for (const auto& name : one.names)
        if (std::ranges::count(known->names, name) == 0) known->names.push_back(name);
    }
  }
  return out;
}

Result<void> save_images(const Call& call, const Store& store, const std::vector<SavedImage>& images,
                         archive::Sink& sink) {
  Saver saver(call, store, sink);
  for (const auto& saved : images) TRY(saver.add(saved));
  return saver.finish();
}

}  // namespace hull::engine::images
