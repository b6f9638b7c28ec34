#include "engine/routes/containers/container_routes.h"

namespace hull::engine::routes {

std::vector<Route> container_routes(Containers& containers, ContainerFiles& files, StatsSampler& stats) {
  using http::Method;
  const auto bind = [&containers](Result<void> (*handle)(Containers&, Call&)) {
    return [&containers, handle](Call& call) { return handle(containers, call); };
  };
  const auto with_files = [&files](Result<void> (*handle)(ContainerFiles&, Call&)) {
    return [&files, handle](Call& call) { return handle(files, call); };
  };
  return {
      {Method::kPost, "/containers/create", bind(create_container)},
      {Method::kGet, "/containers/json", bind(list_all_containers)},
      {Method::kGet, "/containers/{id}/json", bind(inspect_container)},
      {Method::kGet, "/containers/{id}/top", bind(top_container)},
      {Method::kGet, "/containers/{id}/logs", bind(container_logs)},
      {Method::kPost, "/containers/{id}/start", bind(start_container)},
      {Method::kPost, "/containers/{id}/stop", bind(stop_container)},
      {Method::kPost, "/containers/{id}/restart", bind(restart_container)},
      {Method::kPost, "/containers/{id}/kill", bind(kill_container)},
      {Method::kPost, "/containers/{id}/pause", bind(pause_container)},
      {Method::kPost, "/containers/{id}/unpause", bind(unpause_container)},
      {Method::kPost, "/containers/{id}/resize", bind(resize_container)},
      {Method::kPost, "/containers/{id}/wait", bind(wait_container)},
      {Method::kPost, "/containers/{id}/rename", bind(rename_container)},
      {Method::kPost, "/containers/{id}/update", bind(update_container)},
      {Method::kPost, "/containers/{id}/attach", bind(attach_container)},
      {Method::kGet, "/containers/{id}/stats",
       [&containers, &stats](Call& call) { return container_stats(containers, stats, call); }},
      {Method::kHead, "/containers/{id}/archive", with_files(stat_archive)},
      {Method::kGet, "/containers/{id}/archive", with_files(get_archive)},
      {Method::kPut, "/containers/{id}/archive", with_files(put_archive)},
      {Method::kGet, "/containers/{id}/export", with_files(export_container)},
      {Method::kGet, "/containers/{id}/changes", with_files(container_changes)},
      {Method::kPost, "/containers/prune", bind(prune_containers), {1, 25}},
      {Method::kDelete, "/containers/{id}", bind(remove_container)},
  };
}

}  // namespace hull::engine::routes
