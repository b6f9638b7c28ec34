#pragma once

#include <vector>

#include "engine/containers/containers.h"
#include "engine/files/container_files.h"
#include "engine/routes/route.h"
#include "engine/stats/sampler.h"

namespace hull::engine::routes {

/// /containers/*, without exec. What is borrowed outlives the server.
std::vector<Route> container_routes(Containers& containers, ContainerFiles& files, StatsSampler& stats);

/// One file a route or a small group.
Result<void> create_container(Containers& containers, Call& call);
Result<void> list_all_containers(Containers& containers, Call& call);
Result<void> inspect_container(Containers& containers, Call& call);
Result<void> top_container(Containers& containers, Call& call);
Result<void> start_container(Containers& containers, Call& call);
Result<void> stop_container(Containers& containers, Call& call);
Result<void> restart_container(Containers& containers, Call& call);
Result<void> kill_container(Containers& containers, Call& call);
Result<void> pause_container(Containers& containers, Call& call);
Result<void> unpause_container(Containers& containers, Call& call);
Result<void> resize_container(Containers& containers, Call& call);
Result<void> wait_container(Containers& containers, Call& call);
Result<void> remove_container(Containers& containers, Call& call);
Result<void> prune_containers(Containers& containers, Call& call);
Result<void> rename_container(Containers& containers, Call& call);
Result<void> update_container(Containers& containers, Call& call);
Result<void> container_logs(Containers& containers, Call& call);
Result<void> attach_container(Containers& containers, Call& call);
Result<void> container_stats(Containers& containers, StatsSampler& stats, Call& call);
Result<void> stat_archive(ContainerFiles& files, Call& call);
Result<void> get_archive(ContainerFiles& files, Call& call);
Result<void> put_archive(ContainerFiles& files, Call& call);
Result<void> export_container(ContainerFiles& files, Call& call);
Result<void> container_changes(ContainerFiles& files, Call& call);

}  // namespace hull::engine::routes
