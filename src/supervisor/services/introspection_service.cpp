#include "supervisor/services/introspection_service.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/sys.h"
#include "ipc/proto/containerd/types/introspection.pb.h"
#include "spec/image/platform.h"
#include "supervisor/services/convert.h"
#include "supervisor/tasks/runtime_path.h"
#include "supervisor/tasks/shim_command.h"

namespace hull::supervisor {
namespace {

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

/// containerd's type URLs are bare names, which UnpackTo() does not take.
bool read_opaque(const google::protobuf::Any& any, google::protobuf::Message& out) {
  return any.type_url() == out.GetTypeName() && out.ParseFromString(any.value());
}

/// A shim that does not answer must not keep a thread.
Call limited(Call call) {
  call.deadline = std::min(call.deadline, std::chrono::steady_clock::now() + std::chrono::seconds(10));
  return call;
}

std::optional<std::string> field_of(const DaemonPart& plugin, std::span<const std::string> path) {
  if (path[0] == "type") return present(plugin.type);
  if (path[0] == "id") return present(plugin.id);
  return std::nullopt;
}

}  // namespace

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

grpc::ServerUnaryReactor* IntrospectionService::answer(Context& context, const Result<void>& result) {
  if (!result.ok()) return refuse(context, result.error());
  auto* reactor = context.DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

grpc::ServerUnaryReactor* IntrospectionService::PluginInfo(Context* context,
                                                           const introspection_api::PluginInfoRequest* request,
                                                           introspection_api::PluginInfoResponse* response) {
  return WorkedCall::begin(workers_, context->deadline(), [this, request, response](const Call& call) {
    return plugin_info(call, *request, *response);
  });
}

Result<void> IntrospectionService::plugin_info(const Call& call, const introspection_api::PluginInfoRequest& request,
                                               introspection_api::PluginInfoResponse& response) {
  const auto plugin = std::find_if(plugins_.begin(), plugins_.end(), [&](const DaemonPart& part) {
    return part.type == request.type() && part.id == request.id();
  });
  if (plugin == plugins_.end()) return not_found("plugin " + request.type() + "." + request.id());
  fill(*plugin, *response.mutable_plugin());
  if (!request.has_options()) return {};
  if (plugin->type != "io.containerd.runtime.v2")
    return unimplemented("plugin " + request.type() + "." + request.id() + " takes no options");
  containerd::types::RuntimeRequest runtime;
  if (!request.options().UnpackTo(&runtime) && !read_opaque(request.options(), runtime))
    return invalid_argument("options: expected a containerd.types.RuntimeRequest, got \"" +
                            request.options().type_url() + "\"");
  const std::string binary = TRY(find_shim(runtime.runtime_path()).context("resolve runtime path"));
  const std::string options = runtime.has_options() ? runtime.options().SerializeAsString() : "";
  containerd::types::RuntimeInfo info;
  if (!info.ParseFromString(TRY(shim_info(limited(call), binary, options))))
    return Error(Code::kUnknown, binary + " -info: what it printed is no RuntimeInfo");
  response.mutable_extra()->set_type_url(info.GetTypeName());
  response.mutable_extra()->set_value(info.SerializeAsString());
  return {};
}

}  // namespace hull::supervisor
