#include "engine/routes/containers/container_routes.h"

namespace hull::engine::routes {
namespace {

hull::Call call_of(Call& call) { return {call.http().stop_token()}; }

}  // namespace

Result<void> remove_container(Containers& containers, Call& call) {
  const auto container = TRY(containers.find(call.path("id")));
  if (call.query_bool("link")) return unimplemented("query parameter link: container links are not supported");
  // A client that leaves does not stop it half way.
  TRY(containers.remover().remove(hull::Call::within(std::chrono::minutes(5)), container,
                                  {.force = call.query_bool("force"), .volumes = call.query_bool("v")}));
  return call.reply_empty(204);
}

Result<void> prune_containers(Containers& containers, Call& call) {
  return call.reply(200, TRY(containers.prune(call_of(call), TRY(call.filters()))));
}

Result<void> rename_container(Containers& containers, Call& call) {
  TRY(containers.rename(call_of(call), call.path("id"), call.query("name").value_or("")));
  return call.reply_empty(204);
}

Result<void> update_container(Containers& containers, Call& call) {
  const auto update = TRY(call.body<api::UpdateContainer>());
  api::UpdateResult result;
  result.warnings = TRY(containers.update(call_of(call), call.path("id"), update));
  return call.reply(200, result);
}

}  // namespace hull::engine::routes
