#pragma once

#include "base/daemon/thread_pool.h"
#include "ipc/proto/containerd/services/sandbox.grpc.pb.h"
#include "supervisor/metadata/sandboxes.h"
#include "supervisor/sandboxes/sandboxes.h"
#include "supervisor/services/event_sink.h"
#include "supervisor/services/task_call.h"

namespace hull::supervisor {

namespace sandbox_api = containerd::services::sandbox::v1;

/// What runs pods: one controller, "shim". Calls that shims answer hold no thread.
class SandboxControllerService final : public sandbox_api::Controller::CallbackService {
 public:
  SandboxControllerService(Sandboxes& sandboxes, SandboxStore& store, EventSink& events)
      : sandboxes_(sandboxes), store_(store), events_(events) {}

  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;
  Reactor* Create(Context*, const sandbox_api::ControllerCreateRequest*,
                  sandbox_api::ControllerCreateResponse*) override;
  Reactor* Start(Context*, const sandbox_api::ControllerStartRequest*, sandbox_api::ControllerStartResponse*) override;
  Reactor* Platform(Context*, const sandbox_api::ControllerPlatformRequest*,
                    sandbox_api::ControllerPlatformResponse*) override;
  Reactor* Stop(Context*, const sandbox_api::ControllerStopRequest*, sandbox_api::ControllerStopResponse*) override;
  Reactor* Wait(Context*, const sandbox_api::ControllerWaitRequest*, sandbox_api::ControllerWaitResponse*) override;
  Reactor* Status(Context*, const sandbox_api::ControllerStatusRequest*,
                  sandbox_api::ControllerStatusResponse*) override;
  Reactor* Shutdown(Context*, const sandbox_api::ControllerShutdownRequest*,
                    sandbox_api::ControllerShutdownResponse*) override;
  Reactor* Metrics(Context*, const sandbox_api::ControllerMetricsRequest*,
                   sandbox_api::ControllerMetricsResponse*) override;
  Reactor* Update(Context*, const sandbox_api::ControllerUpdateRequest*,
                  sandbox_api::ControllerUpdateResponse*) override;

 private:
  /// The shim of the request's sandbox. Errors: kInvalidArgument, kNotFound: no such controller; kNotFound.
  template <class Request>
  Result<std::shared_ptr<SandboxShim>> shim_of(const Context& context, const Request& request) const;
  Result<void> create(const Call& call, const Scope& scope, const sandbox_api::ControllerCreateRequest& request);
  Reactor* work(const Context& context, WorkedCall::Work work);

  Sandboxes& sandboxes_;
  SandboxStore& store_;
  EventSink& events_;
  ThreadPool workers_{"sandboxes", 32};
};

}  // namespace hull::supervisor
