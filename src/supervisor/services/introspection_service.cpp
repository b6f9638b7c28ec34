#include "supervisor/services/introspection_service.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/sys.h"
#include "spec/image/platform.h"
#include "supervisor/services/convert.h"

namespace hull::supervisor {
namespace {

constexpr const char* kServices[] = {"containers", "content",       "diff",     "events",     "healthcheck",
                                     "images",     "introspection", "leases",   "namespaces", "snapshots",
                                     "streaming",  "tasks",         "transfer", "version"};

void fill(const DaemonPart& plugin, introspection_api::Plugin& out) {
  out.set_type(plugin.type);
  out.set_id(plugin.id);
  for (const auto& required : plugin.required_types) out.add_required_types(required);
  for (const auto& [key, value] : plugin.exports) (*out.mutable_exports())[key] = value;
  for (const auto& capability : plugin.capabilities) out.add_capabilities(capability);
  if (!plugin.skipped.empty()) {  // containerd's words: clients look for them
    out.mutable_init_err()->set_code(grpc::StatusCode::UNKNOWN);
    out.mutable_init_err()->set_message(plugin.skipped + ": skip plugin");
  }
  if (!plugin.has_platform) return;
  const auto host = image::Platform::host();
  auto& platform = *out.add_platforms();
  platform.set_os(host.os);
  platform.set_architecture(host.architecture);
  platform.set_variant(host.variant);
}

std::optional<std::string> field_of(const DaemonPart& plugin, std::span<const std::string> path) {
  if (path[0] == "type") return present(plugin.type);
  if (path[0] == "id") return present(plugin.id);
  return std::nullopt;
}

}  // namespace

std::vector<DaemonPart> builtin_plugins() {
  std::vector<DaemonPart> plugins = {
      {"io.containerd.content.v1", "content", {}, {}, {}, false},
      {"io.containerd.metadata.v1",
       "bolt",
       {"io.containerd.content.v1", "io.containerd.snapshotter.v1"},
       {},
       {},
       false},
      {"io.containerd.differ.v1", "walking", {"io.containerd.metadata.v1"}, {}, {}, true},
      {"io.containerd.gc.v1", "scheduler", {"io.containerd.metadata.v1"}, {}, {}, false},
      {"io.containerd.event.v1", "exchange", {}, {}, {}, false},
      {"io.containerd.runtime.v2", "task", {"io.containerd.metadata.v1"}, {}, {}, true},
  };
  for (const char* service : kServices) plugins.push_back({"io.containerd.grpc.v1", service, {}, {}, {}, false});
  return plugins;
}

Result<void> IntrospectionService::plugins(const introspection_api::PluginsRequest& request,
                                           introspection_api::PluginsResponse& response) {
  const auto filters = TRY(filters_from(request.filters()));
  for (const DaemonPart& plugin : plugins_)
    if (filters.matches([&](auto path) { return field_of(plugin, path); })) fill(plugin, *response.add_plugins());
  return {};
}

Result<void> IntrospectionService::server(introspection_api::ServerResponse& response) {
  response.set_uuid(uuid_);
  response.set_pid(static_cast<uint64_t>(::getpid()));
  response.set_pidns(TRY(sys::stat("/proc/self/ns/pid")).st_ino);
  return {};
}

Result<void> IntrospectionService::plugin_info(const introspection_api::PluginInfoRequest& request,
                                               introspection_api::PluginInfoResponse& response) {
  for (const DaemonPart& plugin : plugins_) {
    if (plugin.type != request.type() || plugin.id != request.id()) continue;
    if (request.has_options())
      return unimplemented("plugin " + request.type() + "." + request.id() + " takes no options");
    fill(plugin, *response.mutable_plugin());
    return {};
  }
  return not_found("plugin " + request.type() + "." + request.id());
}

}  // namespace hull::supervisor
