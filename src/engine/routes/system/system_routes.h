#pragma once

#include <vector>

#include "engine/events/event_bus.h"
#include "engine/routes/route.h"
#include "engine/system/seams.h"
#include "engine/system/system.h"

namespace hull::engine::routes {

/// What the routes borrow; all of it outlives the server.
struct SystemServices {
  System& system;
  EventBus& events;
  DiskUsage& disk_usage;
  CredentialCheck& credentials;
};

/// /_ping, /version, /info, /events, /system/df, /build/prune, /auth.
std::vector<Route> system_routes(SystemServices services);

/// /swarm, /services, /tasks, /nodes, /secrets, /configs: docker's answers outside of a swarm.
std::vector<Route> swarm_routes();

/// One file a route.
Result<void> ping(Call& call);
Result<void> version(System& system, Call& call);
Result<void> info(System& system, Call& call);
Result<void> stream_events(EventBus& events, Call& call);
Result<void> disk_usage(DiskUsage& usage, Call& call);
Result<void> prune_build_cache(Call& call);
Result<void> check_credentials(CredentialCheck& credentials, Call& call);

}  // namespace hull::engine::routes
