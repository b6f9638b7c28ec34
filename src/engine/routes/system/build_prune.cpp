#include "engine/routes/system/system_routes.h"

namespace hull::engine::routes {
namespace {

/// What a prune removed: nothing, as long as nothing is built here and so nothing is kept from a build.
struct PrunedCache {
  std::optional<std::vector<std::string>> removed;
  int64_t space_reclaimed = 0;
};
template <class V>
void describe(V& json, PrunedCache& pruned) {
  json.nullable("CachesDeleted", pruned.removed);
  json.field("SpaceReclaimed", pruned.space_reclaimed);
}

}  // namespace

/// `docker system prune` asks for it, and would fail without it.
Result<void> prune_build_cache(Call& call) { return call.reply(200, PrunedCache{}); }

}  // namespace hull::engine::routes
