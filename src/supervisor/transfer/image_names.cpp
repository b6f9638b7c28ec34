#include "supervisor/transfer/image_names.h"

namespace hull::supervisor {
namespace {

constexpr const char* kImageName = "io.containerd.image.name";
constexpr const char* kRefName = "org.opencontainers.image.ref.name";

bool has_prefix(const std::string& name, const std::string& prefix) {
  if (!name.starts_with(prefix)) return false;
  return name.size() == prefix.size() || std::string_view("/:@").find(name[prefix.size()]) != std::string_view::npos;
}

/// What the rule makes of a name in an archive; empty: nothing. A tag alone goes after the prefix.
std::string name_by(const NameRule& rule, const std::string& given) {
  if (given.empty() || rule.name.empty()) return "";
  if (given.find_first_of("/:@") == std::string::npos) return rule.name + ":" + given;
  return rule.allow_overwrite || has_prefix(given, rule.name) ? given : "";
}

std::string annotation(const image::Descriptor& descriptor, const char* key) {
  const auto found = descriptor.annotations.find(key);
  return found == descriptor.annotations.end() ? "" : found->second;
}

std::string imported_name(const NameRule& rule, const image::Descriptor& imported) {
  // A whole name is taken as it is, or not at all.
  if (const std::string whole = annotation(imported, kImageName); !whole.empty())
    return name_by(rule, whole) == whole ? whole : "";
  return name_by(rule, annotation(imported, kRefName));
}

}  // namespace

std::vector<std::string> names_of(const ImageNames& wanted, const image::Digest& digest) {
  std::vector<std::string> names;
  if (!wanted.name.empty()) names.push_back(wanted.name);
  for (const NameRule& rule : wanted.rules)
    if (!rule.is_prefix) names.push_back(rule.add_digest ? rule.name + "@" + digest.str() : rule.name);
  return names;
}

std::vector<std::string> names_of_imported(const ImageNames& wanted, const image::Descriptor& imported) {
  std::vector<std::string> names;
  for (const NameRule& rule : wanted.rules) {
    if (!rule.is_prefix) continue;
    const std::string name = imported_name(rule, imported);
    if (!name.empty()) names.push_back(name);
    if (rule.add_digest && (name.empty() || !rule.skip_named_digest))
      names.push_back(rule.name + "@" + imported.digest.str());
  }
  return names;
}

Result<void> keep_image(TransferJob& job, const image::Descriptor& target, const Labels& labels,
                        const std::vector<std::string>& names, const ImageKept& kept) {
  for (const std::string& name : names) {
    ImageRecord record{.name = name, .target = target, .labels = labels};
    auto created = job.stores.images.create(job.scope, record);
    const bool is_new = created.ok();
    if (created.is(Code::kAlreadyExists)) created = job.stores.images.update(job.scope, record, {});
    kept(TRY(std::move(created)), is_new);
    job.report({.event = "saved", .name = name, .descriptor = target});
  }
  return {};
}

Result<void> unpack_wished(TransferJob& job, const ImageNames& wanted, const std::vector<StoredImage>& images) {
  for (const UnpackWish& wish : wanted.unpacks) {
    const Platforms platform{wish.platform.os.empty() ? image::Platform::host() : wish.platform};
    std::vector<image::Descriptor> descriptors;
    for (const StoredImage& image : images) descriptors.push_back(image.descriptor);
    for (const size_t i : meant(platform, descriptors)) TRY(unpack_image(job, images[i], wish.snapshotter));
  }
  return {};
}

Result<std::vector<ImageRecord>> look_up(TransferJob& job, const ImageNames& wanted) {
  std::vector<ImageRecord> found;
  if (!wanted.name.empty()) found.push_back(TRY(job.stores.images.get(job.scope, wanted.name)));
  for (const NameRule& rule : wanted.rules) {
    if (rule.is_prefix) return unimplemented("extra_references: a prefix can't be looked up: " + rule.name);
    found.push_back(TRY(job.stores.images.get(job.scope, rule.name)));
  }
  if (found.empty()) return invalid_argument("source: no image is named");
  return found;
}

Result<void> tag_image(TransferJob& job, const std::string& source, const ImageNames& destination,
                       const ImageKept& kept) {
  const auto image = TRY(job.stores.images.get(job.scope, source));
  const auto names = names_of(destination, image.target.digest);
  if (names.empty()) return invalid_argument("destination: no image name found");
  return keep_image(job, image.target, destination.labels, names, kept);
}

}  // namespace hull::supervisor
