#include "engine/images/load.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"
#include "engine/images/archive_intake.h"
#include "engine/images/unpack.h"
#include "spec/image/media_type.h"

namespace hull::engine::images {
namespace {

/// One image of manifest.json. Source: docker's image specification v1.2.
struct ArchiveItem {
  std::string config;
  std::optional<std::vector<std::string>> repo_tags;
  std::vector<std::string> layers;
};
template <class V>
void describe(V& json, ArchiveItem& item) {
  json.required("Config", item.config);
  json.nullable("RepoTags", item.repo_tags);
  json.field("Layers", item.layers);
}

constexpr std::string_view kNameAnnotation = "io.containerd.image.name";
constexpr std::string_view kRefAnnotation = "org.opencontainers.image.ref.name";

class Loader {
 public:
  Loader(const Call& call, const containerd::Lease& lease, const Store& store, const Intake& intake, Progress& progress)
      : call_(call),
        lease_(lease),
        content_(lease.connection()),
        snapshotter_(store.snapshots().snapshotter()),
        intake_(intake),
        progress_(progress),
        unpacker_(lease, snapshotter_) {}

  Result<std::vector<LoadedImage>> run() {
    const std::string* index = intake_.document("index.json");
    const std::string* manifest = intake_.document("manifest.json");
    if (!index && !manifest)
      return invalid_argument("invalid archive: does not contain a manifest.json or an index.json");
    if (index) TRY(load_layout(*index).context("read index.json"));
    if (manifest) TRY(load_docker_archive(*manifest).context("read manifest.json"));
    return std::move(images_);
  }

 private:
  Result<void> load_layout(const std::string& text);
  Result<void> load_docker_archive(const std::string& text);
  Result<image::Digest> prepare(const image::Descriptor& target, int depth);
  Result<image::Digest> prepare_index(const image::Descriptor& target, int depth);
  Result<image::Digest> prepare_manifest(const image::Descriptor& target);
  Result<void> add_name(LoadedImage& image, const image::Reference& name);
  Result<LoadedImage> build(const ArchiveItem& item, const Ingested& config);
  Result<void> unpack(const std::vector<image::Digest>& diff_ids, const std::vector<image::Descriptor>& layers);
  bool is_stored(const image::Digest& digest) { return content_.info(call_, digest).ok(); }
  /// A document whose size is as its descriptor says.
  Result<std::string> read(const image::Descriptor& document);

  const Call& call_;
  const containerd::Lease& lease_;
  const containerd::Content content_;
  const std::string snapshotter_;
  const Intake& intake_;
  Progress& progress_;
  Unpacker unpacker_;
  std::vector<LoadedImage> images_;
  size_t names_ = 0;                                 ///< of all images
  std::map<image::Digest, image::Digest> prepared_;  ///< image ids, none of what is no image, by manifest or index
};

/// Full names only: a layout may carry a bare tag there, which names no repository.
std::optional<image::Reference> name_in(const image::Descriptor& descriptor) {
  const auto& annotations = descriptor.annotations;
  if (const auto name = annotations.find(std::string(kNameAnnotation)); name != annotations.end())
    if (auto reference = image::Reference::parse(name->second); reference.ok()) return reference->with_default_tag();
  if (const auto name = annotations.find(std::string(kRefAnnotation)); name != annotations.end()) {
    if (name->second.find_first_of("/:") == std::string::npos) return std::nullopt;
    if (auto reference = image::Reference::parse(name->second); reference.ok()) return reference->with_default_tag();
  }
  return std::nullopt;
}

Result<void> Loader::add_name(LoadedImage& image, const image::Reference& name) {
  // Each is compared with all others, here and in the store.
  constexpr size_t kMaxNames = 1000;
  if (std::ranges::count(image.names, name) > 0) return {};
  if (++names_ > kMaxNames)
    return Error(Code::kResourceExhausted, "the archive has more than " + std::to_string(kMaxNames) + " names");
  image.names.push_back(name);
  return {};
}

Result<void> Loader::load_layout(const std::string& text) {
  const auto index = TRY(image::parse_index(text));
  for (auto target : index.manifests) {
    const auto name = name_in(target);
    const image::Digest id = TRY(prepare(target, 0));
    if (id.empty()) continue;  // no image: an attestation, a signature
    target.annotations.clear();
    target.platform.reset();
    auto known = std::ranges::find_if(images_, [&](const auto& i) { return i.target.digest == target.digest; });
    if (known == images_.end()) known = images_.insert(images_.end(), {id, target, {}});
    if (name) TRY(add_name(*known, *name));
  }
  return {};
}

Result<image::Digest> Loader::prepare(const image::Descriptor& target, int depth) {
  constexpr int kMaxDepth = 4;
  if (depth > kMaxDepth) return invalid_argument("indexes are nested too deep");
  if (call_.stop.stop_requested()) return cancelled("load: the client went away");
  // Once each: indexes that name each other many times over must not multiply.
  if (const auto known = prepared_.find(target.digest); known != prepared_.end()) return known->second;
  image::Digest id;
  if (image::media::is_index(target.media_type))
    id = TRY(prepare_index(target, depth));
  else if (image::media::is_manifest(target.media_type))
    id = TRY(prepare_manifest(target));
  prepared_.emplace(target.digest, id);
  return id;
}

Result<std::string> Loader::read(const image::Descriptor& document) {
  std::string text = TRY(content_.read(call_, document.digest, kMaxDocument));
  TRY(check_size({.digest = document.digest, .size = static_cast<int64_t>(text.size())}, document));
  return text;
}

/// Platforms that the archive does not hold are passed over.
Result<image::Digest> Loader::prepare_index(const image::Descriptor& target, int depth) {
  const auto text = TRY(read(target).context("read index " + target.digest.str()));
  const auto index = TRY(image::parse_index(text));
  const auto runnable = image::runnable_on(image::Platform::host());
  image::Digest id;
  int best = -1;
  for (const auto& child : index.manifests) {
    if (!is_stored(child.digest)) continue;
    const image::Digest child_id = TRY(prepare(child, depth + 1));
    if (child_id.empty()) continue;
    const int rank = child.platform ? image::rank(runnable, *child.platform) : -1;
    if (id.empty() || (rank >= 0 && (best < 0 || rank < best))) {
      id = child_id;
      best = rank;
    }
  }
  TRY(link_index(call_, lease_.connection(), target.digest, index));
  return id;
}

Result<image::Digest> Loader::prepare_manifest(const image::Descriptor& target) {
  const std::string what = "manifest " + target.digest.str();
  const auto manifest = TRY(image::parse_manifest(TRY(read(target).context("read " + what))));
  if (!image::media::is_config(manifest.config.media_type)) {
    TRY(link_manifest(call_, lease_.connection(), snapshotter_, target.digest, manifest, {}));
    return image::Digest();
  }
  const auto text = TRY(read(manifest.config).context("read configuration of " + what));
  const auto config = TRY(json::parse<image::ImageConfig>(text).context("read configuration of " + what));
  const auto is_image_layer = [](const auto& layer) { return image::media::is_layer(layer.media_type); };
  if (!std::ranges::all_of(manifest.layers, is_image_layer)) {  // an attestation has an image's configuration
    TRY(link_manifest(call_, lease_.connection(), snapshotter_, target.digest, manifest, {}));
    return image::Digest();
  }
  for (const auto& layer : manifest.layers)
    TRY(check_size(TRY(content_.info(call_, layer.digest).context("read layer of " + what)), layer).context(what));
  TRY(unpack(config.rootfs.diff_ids, manifest.layers).context(what));
  TRY(link_manifest(call_, lease_.connection(), snapshotter_, target.digest, manifest, config.rootfs.diff_ids));
  return manifest.config.digest;
}

Result<void> Loader::load_docker_archive(const std::string& text) {
  for (const auto& item : TRY(json::parse<std::vector<ArchiveItem>>(text))) {
    const Ingested config = TRY(intake_.file(item.config));
    auto known = std::ranges::find_if(images_, [&](const auto& i) { return i.id == config.digest; });
    if (known == images_.end()) known = images_.insert(images_.end(), TRY(build(item, config)));
    for (const auto& tag : item.repo_tags.value_or(std::vector<std::string>())) {
      const auto name = TRY(image::Reference::parse(tag).context("RepoTags: \"" + tag + "\""));
      if (!name.tag()) return invalid_argument("RepoTags: \"" + tag + "\" has no tag");
      TRY(add_name(*known, name));
    }
  }
  return {};
}

Result<LoadedImage> Loader::build(const ArchiveItem& item, const Ingested& config) {
  const auto text = TRY(content_.read(call_, config.digest, kMaxDocument).context("read " + item.config));
  const auto parsed = TRY(json::parse<image::ImageConfig>(text).context("read " + item.config));
  std::vector<image::Descriptor> layers;
  for (const auto& path : item.layers) {
    const Ingested layer = TRY(intake_.file(path));
    layers.push_back(
        {.media_type = TRY(layer_media_type(layer.format).context(path)), .digest = layer.digest, .size = layer.size});
  }
  TRY(unpack(parsed.rootfs.diff_ids, layers).context(item.config));
  const image::Descriptor descriptor{
      .media_type = std::string(image::media::kOciConfig), .digest = config.digest, .size = config.size};
  const auto stored =
      TRY(store_manifest(call_, lease_.connection(), snapshotter_, descriptor, parsed.rootfs.diff_ids, layers));
  return LoadedImage{stored.id, stored.manifest, {}};
}

Result<void> Loader::unpack(const std::vector<image::Digest>& diff_ids, const std::vector<image::Descriptor>& layers) {
  if (diff_ids.size() != layers.size())
    return invalid_argument("invalid manifest, layers length mismatch: expected " + std::to_string(diff_ids.size()) +
                            ", got " + std::to_string(layers.size()));
  TRY(check_depth(layers.size()));
  for (size_t i = 0; i < layers.size(); ++i) {
    if (image::media::is_foreign_layer(layers[i].media_type))
      return unimplemented("layer " + layers[i].digest.str() + ": foreign layers are not supported");
    TRY(unpacker_.unpack(call_, std::span(diff_ids).first(i + 1), layers[i]));
    const api::ProgressDetail detail{.current = layers[i].size, .total = layers[i].size};
    TRY(progress_.send({.status = "Loading layer",
                        .detail = detail,
                        .bar = api::draw_bar(detail),
                        .id = short_id(diff_ids[i].str())}));
  }
  return {};
}

}  // namespace

Result<std::vector<LoadedImage>> load_images(const Call& call, const containerd::Lease& lease, const Store& store,
                                             archive::Source& source, Progress& progress) {
  const containerd::Content content(lease.connection());
  const Intake intake = TRY(Intake::read(call, content, source));
  return Loader(call, lease, store, intake, progress).run();
}

}  // namespace hull::engine::images
