#include "engine/routes/system/system_routes.h"

namespace hull::engine::routes {

std::vector<Route> system_routes(SystemServices services) {
  using http::Method;
  System& system = services.system;
  EventBus& events = services.events;
  DiskUsage& usage = services.disk_usage;
  CredentialCheck& credentials = services.credentials;
  return {
      {Method::kGet, "/_ping", ping},
      {Method::kHead, "/_ping", ping},
      {Method::kOptions, "/{path...}", [](Call& call) { return call.reply_empty(200); }},
      {Method::kGet, "/version", [&system](Call& call) { return version(system, call); }},
      {Method::kGet, "/info", [&system](Call& call) { return info(system, call); }},
      {Method::kGet, "/events", [&events](Call& call) { return stream_events(events, call); }},
      {Method::kGet, "/system/df", [&usage](Call& call) { return disk_usage(usage, call); }},
      {Method::kPost, "/build/prune", prune_build_cache},
      {Method::kPost, "/auth", [&credentials](Call& call) { return check_credentials(credentials, call); }},
  };
}

}  // namespace hull::engine::routes
