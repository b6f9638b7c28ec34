#include "engine/images/store.h"

#include <algorithm>

#include "base/log.h"
#include "engine/images/documents.h"
#include "engine/images/names.h"
#include "spec/image/media_type.h"

namespace hull::engine::images {
namespace {

/// Hostile or huge stores must not fill memory: past this many, the cache starts anew.
constexpr size_t kMaxCached = 2048;

std::string bare(std::string_view id) {
  const auto colon = id.find(':');
  return std::string(colon == std::string_view::npos ? id : id.substr(colon + 1));
}

/// What the user meant where it is an id and nothing else: "sha256:<64>" or 64 digits.
std::optional<std::string> full_id(const std::string& text) {
  if (image::is_bare_id(text)) return "sha256:" + text;
  if (const auto digest = image::Digest::parse(text); digest.ok()) return digest->str();
  return std::nullopt;
}

Error no_such_image(const std::string& familiar) { return not_found("No such image: " + familiar); }

}  // namespace

std::string short_id(std::string_view id) { return bare(id).substr(0, 12); }

std::vector<std::string> Entry::tags() const {
  std::vector<std::string> out;
  for (const auto& record : records) {
    if (is_dangling(record.name)) continue;
    const auto reference = image::Reference::parse(record.name);
    if (reference.ok() && reference->tag() && !reference->digest()) out.push_back(reference->familiar());
  }
  std::ranges::sort(out);
  return out;
}

std::vector<std::string> Entry::digests() const {
  std::vector<std::string> out;
  for (const auto& record : records) {
    if (is_dangling(record.name)) continue;
    const auto reference = image::Reference::parse(record.name);
    if (!reference.ok() || (!is_distributed(record) && !reference->digest())) continue;
    out.push_back(reference->familiar_name() + "@" + record.target.digest.str());
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Store::Store(containerd::Connection connection)
    : connection_(std::move(connection)), content_(connection_), records_(connection_), snapshots_(connection_) {}

Result<std::vector<Entry>> Store::entries(const Call& call) const {
  std::map<image::Digest, Entry> by_id;
  for (auto& record : TRY(records_.list(call))) {
    const auto image = image_of(call, record.target);
    if (!image.ok()) {
      // Another client of the supervisor may be half way through making it.
      logging::debug("skip image record", {{"name", record.name}, {"error", image.error().message()}});
      continue;
    }
    Entry& entry = by_id[(*image)->id];
    if (!entry.image) entry.image = *image;
    entry.records.push_back(std::move(record));
  }
  std::vector<Entry> out;
  for (auto& [id, entry] : by_id) out.push_back(std::move(entry));
  return out;
}

Result<Entry> Store::find(const Call& call, const std::string& reference) const {
  const ImagePointer image = TRY(resolve(call, reference, {}));
  for (auto& entry : TRY(entries(call)))
    if (entry.image->id == image->id) return std::move(entry);
  return Entry{image, {}};  // its record went meanwhile
}

Result<ImagePointer> Store::resolve(const Call& call, const std::string& reference,
                                    const std::optional<image::Platform>& platform) const {
  if (const auto id = full_id(reference)) {
    for (const auto& entry : TRY(entries(call)))
      if (entry.image->id.str() == *id || entry.image->descriptor.digest.str() == *id) return entry.image;
    return no_such_image(*id);
  }
  const auto named = TRY(image::Reference::parse(reference)).with_default_tag();
  auto found = by_name(call, named, platform);
  if (!found.is(Code::kNotFound)) return found;
  if (auto entry = search_by_id(call, reference); entry.ok()) return entry->image;
  return no_such_image(named.familiar());
}

Result<ImagePointer> Store::by_name(const Call& call, const image::Reference& reference,
                                    const std::optional<image::Platform>& platform) const {
  // With tag and digest, the digest alone decides (docker's rule).
  const auto wanted = reference.digest() ? reference.with_digest(*reference.digest()) : reference;
  if (auto record = records_.get(call, wanted.str()); record.ok()) return image_of(call, record->target, platform);
  if (!reference.digest()) return no_such_image(reference.familiar());
  // A tag of that repository that was pulled under this digest.
  for (const auto& record : TRY(records_.list(call))) {
    if (record.target.digest != *reference.digest() || !is_distributed(record)) continue;
    const auto other = image::Reference::parse(record.name);
    if (other.ok() && other->name() == reference.name()) return image_of(call, record.target, platform);
  }
  return no_such_image(reference.familiar());
}

Result<Entry> Store::search_by_id(const Call& call, std::string_view prefix) const {
  const std::string wanted = bare(prefix);
  std::optional<Entry> found;
  for (auto& entry : TRY(entries(call))) {
    if (!entry.image->id.hex().starts_with(wanted)) continue;
    if (found) return no_such_image(std::string(prefix));  // ambiguous
    found = std::move(entry);
  }
  if (!found || wanted.empty()) return no_such_image(std::string(prefix));
  return *std::move(found);
}

Result<std::vector<image::Descriptor>> Store::manifests_of(const Call& call, const image::Descriptor& target) const {
  if (!image::media::is_index(target.media_type)) return std::vector<image::Descriptor>{target};
  const auto text = TRY(content_.read(call, target.digest, kMaxDocument));
  const auto index = TRY(image::parse_index(text));
  std::vector<image::Descriptor> out;
  for (const auto& manifest : index.manifests) {
    if (!image::media::is_manifest(manifest.media_type)) continue;
    if (load(call, manifest).ok()) out.push_back(manifest);
  }
  return out;
}

Result<ImagePointer> Store::image_of(const Call& call, const image::Descriptor& target,
                                     const std::optional<image::Platform>& platform) const {
  if (!image::media::is_index(target.media_type)) {
    ImagePointer image = TRY(load(call, target));
    if (platform && image::rank(image::runnable_on(*platform), image->config.platform()) < 0)
      return not_found("image with reference " + target.digest.str() +
                       " was found but does not match the specified platform: wanted " + platform->str() +
                       ", actual: " + image->config.platform().str());
    return image;
  }
  const auto runnable = image::runnable_on(platform.value_or(image::Platform::host()));
  ImagePointer best;
  int best_rank = -1;
  for (const auto& manifest : TRY(manifests_of(call, target))) {
    const ImagePointer image = TRY(load(call, manifest));
    const int rank = image::rank(runnable, image->config.platform());
    if (rank < 0 && (platform || best)) continue;
    if (best && best_rank >= 0 && rank >= best_rank) continue;
    best = image;
    best_rank = rank;
  }
  if (!best) return not_found("no image of the index " + target.digest.str() + " is here");
  return best;
}

Result<ImagePointer> Store::load(const Call& call, const image::Descriptor& manifest) const {
  const auto cached = images_.with([&](const auto& all) -> ImagePointer {
    const auto found = all.find(manifest.digest);
    return found == all.end() ? nullptr : found->second;
  });
  if (cached) return cached;
  auto image = std::make_shared<Image>();
  image->descriptor = manifest;
  image->descriptor.platform.reset();
  image->manifest = TRY(image::parse_manifest(TRY(content_.read(call, manifest.digest, kMaxDocument))));
  image->id = image->manifest.config.digest;
  if (!image::media::is_config(image->manifest.config.media_type))
    return not_found("manifest " + manifest.digest.str() + " is of no image");
  image->config_text = TRY(content_.read(call, image->id, kMaxDocument));
  image->config = TRY(json::parse<image::ImageConfig>(image->config_text).context("read image configuration"));
  const auto& labels = TRY(content_.info(call, image->id)).labels;
  if (const auto parent = labels.find(std::string(kParentLabel)); parent != labels.end())
    image->parent = parent->second;
  const auto& diff_ids = image->config.rootfs.diff_ids;
  TRY(check_depth(diff_ids.size()));
  if (diff_ids.size() != image->manifest.layers.size())
    return data_loss("image " + image->id.str() + " has " + std::to_string(image->manifest.layers.size()) +
                     " layers, but its configuration names " + std::to_string(diff_ids.size()));
  for (size_t i = 1; i <= diff_ids.size(); ++i) image->chain.push_back(image::chain_id(std::span(diff_ids).first(i)));
  ImagePointer done = std::move(image);
  images_.with([&](auto& all) {
    if (all.size() >= kMaxCached) all.clear();
    all.insert_or_assign(manifest.digest, done);
  });
  return done;
}

void Store::forget(const Image& image) const {
  images_.with([&](auto& all) { all.erase(image.descriptor.digest); });
}

std::vector<int64_t> Store::layer_sizes(const Call& call, const Image& image) const {
  std::vector<int64_t> out;
  for (size_t i = 0; i < image.chain.size(); ++i) {
    const std::string& chain = image.chain[i].str();
    const auto known = sizes_.with([&](const auto& all) -> std::optional<int64_t> {
      const auto found = all.find(chain);
      return found == all.end() ? std::nullopt : std::optional(found->second);
    });
    if (known) {
      out.push_back(*known);
      continue;
    }
    const auto usage = snapshots_.usage(call, chain);
    out.push_back(usage.ok() ? usage->bytes : image.manifest.layers[i].size);
    if (!usage.ok()) continue;
    sizes_.with([&](auto& all) {
      if (all.size() >= kMaxCached) all.clear();
      all.insert_or_assign(chain, usage->bytes);
    });
  }
  return out;
}

}  // namespace hull::engine::images
