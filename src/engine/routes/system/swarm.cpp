#include "engine/routes/system/system_routes.h"

namespace hull::engine::routes {
namespace {

Result<void> no_manager(Call&) {
  return unavailable(
      "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to "
      "swarm and try again.");
}

Result<void> no_swarm(Call&) { return unavailable("This node is not part of a swarm"); }

}  // namespace

/// What an engine that is in no swarm answers. Source: docker's daemon/cluster/errors.go.
std::vector<Route> swarm_routes() {
  using http::Method;
  return {
      {Method::kGet, "/swarm", no_manager},
      {Method::kPost, "/swarm/init", [](Call&) { return unimplemented("swarm init: swarms are not built yet"); }},
      {Method::kPost, "/swarm/join", [](Call&) { return unimplemented("swarm join: swarms are not built yet"); }},
      {Method::kPost, "/swarm/leave", no_swarm},
      {Method::kPost, "/swarm/update", no_manager},
      {Method::kPost, "/swarm/unlock", no_swarm},
      {Method::kGet, "/swarm/unlockkey", no_manager},
      {Method::kGet, "/services", no_manager},
      {Method::kPost, "/services/create", no_manager},
      {Method::kGet, "/services/{id}", no_manager},
      {Method::kDelete, "/services/{id}", no_manager},
      {Method::kPost, "/services/{id}/update", no_manager},
      {Method::kGet, "/services/{id}/logs", no_manager, {1, 25}},
      {Method::kGet, "/tasks", no_manager},
      {Method::kGet, "/tasks/{id}", no_manager},
      {Method::kGet, "/tasks/{id}/logs", no_manager, {1, 25}},
      {Method::kGet, "/nodes", no_manager},
      {Method::kGet, "/nodes/{id}", no_manager},
      {Method::kDelete, "/nodes/{id}", no_manager},
      {Method::kPost, "/nodes/{id}/update", no_manager},
      {Method::kGet, "/secrets", no_manager, {1, 25}},
      {Method::kPost, "/secrets/create", no_manager, {1, 25}},
      {Method::kGet, "/secrets/{id}", no_manager, {1, 25}},
      {Method::kDelete, "/secrets/{id}", no_manager, {1, 25}},
      {Method::kPost, "/secrets/{id}/update", no_manager, {1, 25}},
      {Method::kGet, "/configs", no_manager, {1, 30}},
      {Method::kPost, "/configs/create", no_manager, {1, 30}},
      {Method::kGet, "/configs/{id}", no_manager, {1, 30}},
      {Method::kDelete, "/configs/{id}", no_manager, {1, 30}},
      {Method::kPost, "/configs/{id}/update", no_manager, {1, 30}},
  };
}

}  // namespace hull::engine::routes
