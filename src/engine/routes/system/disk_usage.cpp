#include <algorithm>

#include "engine/routes/system/system_routes.h"

namespace hull::engine::routes {
namespace {

/// A build's cache entries come with the builder; until then there are none, and their list is empty.
struct NoBuildCache {};
template <class V>
void describe(V&, NoBuildCache&) {}

/// Objects of kinds that were not asked for are null.
struct Usage {
  int64_t layers_size = 0;
  std::optional<std::vector<api::ImageSummary>> images;
  std::optional<std::vector<api::ContainerSummary>> containers;
  std::optional<std::vector<api::Volume>> volumes;
  std::optional<std::vector<NoBuildCache>> build_cache;
};
template <class V>
void describe(V& json, Usage& usage) {
  json.field("LayersSize", usage.layers_size);
  json.nullable("Images", usage.images);
  json.nullable("Containers", usage.containers);
  json.nullable("Volumes", usage.volumes);
  json.nullable("BuildCache", usage.build_cache);
}

/// Clients take an image that no container uses for reclaimable, and one whose users were not counted for used.
void count_users(std::vector<api::ImageSummary>& images, const std::vector<api::ContainerSummary>& containers) {
  for (api::ImageSummary& image : images)
    image.containers = std::count_if(containers.begin(), containers.end(),
                                     [&](const auto& container) { return container.image_id == image.id; });
}

}  // namespace

/// `type` (since 1.42, may repeat): container, image, volume, build-cache; all where it is absent.
Result<void> disk_usage(DiskUsage& source, Call& call) {
  const auto types = call.query_all("type");
  for (const std::string& type : types)
    if (type != "container" && type != "image" && type != "volume" && type != "build-cache")
      return invalid_argument("unknown object type: " + type);
  const auto wanted = [&](const char* type) {
    return types.empty() || std::find(types.begin(), types.end(), type) != types.end();
  };
  const hull::Call within{.stop = call.http().stop_token()};
  Usage usage;
  if (wanted("container") || wanted("image")) usage.containers = TRY(source.containers(within));
  if (wanted("image")) {
    auto images = TRY(source.images(within));
    count_users(images.images, *usage.containers);
    usage.layers_size = images.layers_size;
    usage.images = std::move(images.images);
  }
  if (!wanted("container")) usage.containers.reset();
  if (wanted("volume")) usage.volumes = TRY(source.volumes(within));
  if (wanted("build-cache")) usage.build_cache.emplace();
  return call.reply(200, usage);
}

}  // namespace hull::engine::routes
