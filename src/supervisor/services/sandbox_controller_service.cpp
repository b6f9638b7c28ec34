#include "supervisor/services/sandbox_controller_service.h"

#include "ipc/proto/containerd/events/records.pb.h"
#include "supervisor/services/convert.h"
#include "supervisor/services/sandbox_store_service.h"

namespace hull::supervisor {
namespace {

template <class Out>
using Passed = PassedCall<Out, SandboxShim>;

Result<void> check_controller(const std::string& name) {
  if (name.empty()) return invalid_argument("sandbox controller name can not be empty");
  if (name != "shim") return not_found("sandbox controller \"" + name + "\"");
  return {};
}

template <class Out, class Request>
Out about(const Request& request) {
  Out out;
  out.set_sandbox_id(request.sandbox_id());
  return out;
}

}  // namespace

template <class Request>
Result<std::shared_ptr<SandboxShim>> SandboxControllerService::shim_of(const Context& context,
                                                                       const Request& request) const {
  const Scope scope = TRY(scope_of(context));
  TRY(check_controller(request.sandboxer()));
  return sandboxes_.find(scope.ns, request.sandbox_id());
}

grpc::ServerUnaryReactor* SandboxControllerService::work(const Context& context, WorkedCall::Work work) {
  return WorkedCall::begin(workers_, context.deadline(), std::move(work));
}

Result<void> SandboxControllerService::create(const Call& call, const Scope& scope,
                                              const sandbox_api::ControllerCreateRequest& request) {
  TRY(check_controller(request.sandboxer()));
  TRY(validate_identifier(request.sandbox_id()).context("invalid sandbox ID"));
  // Older clients send the id alone: the rest stands in the record.
  const SandboxRecord record =
      request.has_sandbox() ? from_proto(request.sandbox()) : TRY(store_.get(scope, request.sandbox_id()));
  NewSandbox made{scope.ns, request.sandbox_id(), record.runtime, "", record.spec.value, {}};
  if (!record.runtime_options.empty()) {
    google::protobuf::Any options;
    to_proto(record.runtime_options, options);
    made.options = options.SerializeAsString();
  }
  *made.request.mutable_rootfs() = request.rootfs();
  if (request.has_options()) *made.request.mutable_options() = request.options();
  made.request.set_netns_path(request.netns_path());
  *made.request.mutable_annotations() = request.annotations();
  return sandboxes_.create(call, std::move(made));
}

grpc::ServerUnaryReactor* SandboxControllerService::Create(Context* context,
                                                           const sandbox_api::ControllerCreateRequest* request,
                                                           sandbox_api::ControllerCreateResponse* response) {
  return work(*context, [this, context, request, response](const Call& call) -> Result<void> {
    const Scope scope = TRY(scope_of(*context));
    TRY(create(call, scope, *request));
    events_.publish(scope.ns, "/sandboxes/create", about<containerd::events::SandboxCreate>(*request));
    response->set_sandbox_id(request->sandbox_id());
    return {};
  });
}

grpc::ServerUnaryReactor* SandboxControllerService::Start(Context* context,
                                                          const sandbox_api::ControllerStartRequest* request,
                                                          sandbox_api::ControllerStartResponse* response) {
  return work(*context, [this, context, request, response](const Call& call) -> Result<void> {
    const Scope scope = TRY(scope_of(*context));
    const auto shim = TRY(shim_of(*context, *request));
    const auto started = TRY(sandboxes_.start(call, scope.ns, request->sandbox_id()));
    events_.publish(scope.ns, "/sandboxes/start", about<containerd::events::SandboxStart>(*request));
    response->set_sandbox_id(request->sandbox_id());
    response->set_pid(started.pid());
    *response->mutable_created_at() = started.created_at();
    response->set_address("unix://" + shim->shim().socket());
    response->set_version(static_cast<uint32_t>(shim->shim().version()));
    return {};
  });
}

grpc::ServerUnaryReactor* SandboxControllerService::Platform(Context* context,
                                                             const sandbox_api::ControllerPlatformRequest* request,
                                                             sandbox_api::ControllerPlatformResponse* response) {
  auto shim = shim_of(*context, *request);
  if (!shim.ok()) return refuse(*context, shim.error());
  return Passed<sandbox_shim_api::PlatformResponse>::begin(
      std::move(*shim), "Platform", about<sandbox_shim_api::PlatformRequest>(*request),
      [response](const auto& answer) { *response->mutable_platform() = answer.platform(); });
}

grpc::ServerUnaryReactor* SandboxControllerService::Stop(Context* context,
                                                         const sandbox_api::ControllerStopRequest* request,
                                                         sandbox_api::ControllerStopResponse*) {
  auto shim = shim_of(*context, *request);
  // What is not there has stopped; a controller that is not there can't say so.
  if (shim.is(Code::kNotFound) && check_controller(request->sandboxer()).ok())
    return WorkedCall::begin(workers_, context->deadline(), [](const Call&) { return Result<void>(); });
  if (!shim.ok()) return refuse(*context, shim.error());
  auto stop = about<sandbox_shim_api::StopSandboxRequest>(*request);
  stop.set_timeout_secs(request->timeout_secs());
  return Passed<sandbox_shim_api::StopSandboxResponse>::begin(std::move(*shim), "StopSandbox", stop,
                                                              [](const auto&) {});
}

grpc::ServerUnaryReactor* SandboxControllerService::Wait(Context* context,
                                                         const sandbox_api::ControllerWaitRequest* request,
                                                         sandbox_api::ControllerWaitResponse* response) {
  auto shim = shim_of(*context, *request);
  if (!shim.ok()) return refuse(*context, shim.error());
  return Passed<sandbox_shim_api::WaitSandboxResponse>::begin(std::move(*shim), "WaitSandbox",
                                                              about<sandbox_shim_api::WaitSandboxRequest>(*request),
                                                              [response](const auto& answer) {
                                                                response->set_exit_status(answer.exit_status());
                                                                *response->mutable_exited_at() = answer.exited_at();
                                                              });
}

grpc::ServerUnaryReactor* SandboxControllerService::Status(Context* context,
                                                           const sandbox_api::ControllerStatusRequest* request,
                                                           sandbox_api::ControllerStatusResponse* response) {
  auto shim = shim_of(*context, *request);
  if (shim.is(Code::kNotFound) && check_controller(request->sandboxer()).ok())
    return WorkedCall::begin(workers_, context->deadline(), [request, response](const Call&) {
      response->set_sandbox_id(request->sandbox_id());
      to_proto(now(), *response->mutable_exited_at());
      return Result<void>();
    });
  if (!shim.ok()) return refuse(*context, shim.error());
  response->set_address("unix://" + (*shim)->shim().socket());
  response->set_version(static_cast<uint32_t>((*shim)->shim().version()));
  auto ask = about<sandbox_shim_api::SandboxStatusRequest>(*request);
  ask.set_verbose(request->verbose());
  return Passed<sandbox_shim_api::SandboxStatusResponse>::begin(std::move(*shim), "SandboxStatus", ask,
                                                                [response](const auto& answer) {
                                                                  response->set_sandbox_id(answer.sandbox_id());
                                                                  response->set_pid(answer.pid());
                                                                  response->set_state(answer.state());
                                                                  *response->mutable_info() = answer.info();
                                                                  *response->mutable_created_at() = answer.created_at();
                                                                  *response->mutable_exited_at() = answer.exited_at();
                                                                  *response->mutable_extra() = answer.extra();
                                                                });
}

grpc::ServerUnaryReactor* SandboxControllerService::Shutdown(Context* context,
                                                             const sandbox_api::ControllerShutdownRequest* request,
                                                             sandbox_api::ControllerShutdownResponse*) {
  return work(*context, [this, context, request](const Call& call) -> Result<void> {
    TRY(shim_of(*context, *request));
    return sandboxes_.shutdown(call, TRY(scope_of(*context)).ns, request->sandbox_id());
  });
}

grpc::ServerUnaryReactor* SandboxControllerService::Metrics(Context* context,
                                                            const sandbox_api::ControllerMetricsRequest* request,
                                                            sandbox_api::ControllerMetricsResponse* response) {
  auto shim = shim_of(*context, *request);
  if (!shim.ok()) return refuse(*context, shim.error());
  return Passed<sandbox_shim_api::SandboxMetricsResponse>::begin(
      std::move(*shim), "SandboxMetrics", about<sandbox_shim_api::SandboxMetricsRequest>(*request),
      [response](const auto& answer) { *response->mutable_metrics() = answer.metrics(); });
}

/// The shims' protocol has no such call: there is nothing to pass on, as in containerd.
grpc::ServerUnaryReactor* SandboxControllerService::Update(Context* context,
                                                           const sandbox_api::ControllerUpdateRequest* request,
                                                           sandbox_api::ControllerUpdateResponse*) {
  return work(*context, [this, context, request](const Call&) -> Result<void> {
    TRY(shim_of(*context, *request));
    return {};
  });
}

}  // namespace hull::supervisor
