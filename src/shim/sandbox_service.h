#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/time.h"
#include "ipc/proto/shim/sandbox.pb.h"
#include "ipc/ttrpc/typed.h"

namespace hull::shim {

namespace sandbox_api = containerd::runtime::sandbox::v1;

/// What a pod's sandbox asks of the containers that run in it.
class SandboxedContainers {
 public:
  virtual ~SandboxedContainers() = default;
  virtual bool idle() const = 0;
  /// SIGKILL to all of them; their exits are told as ever.
  virtual void end_all() = 0;
};

/// containerd.runtime.sandbox.v1.Sandbox over ttrpc: the pod that this shim's containers are in. It is no process of
/// its own: it is there from CreateSandbox until ShutdownSandbox, ready from StartSandbox until StopSandbox, and keeps
/// the pod's network namespace alive meanwhile.
class SandboxService {
 public:
  /// on_shutdown: a client asked for the end, and no container is left.
  SandboxService(SandboxedContainers& containers, std::function<void()> on_shutdown)
      : containers_(containers), on_shutdown_(std::move(on_shutdown)) {}

  void register_with(ttrpc::Server& server);
  bool idle() const { return !sandbox_; }

 private:
  template <class T>
  using Reply = ttrpc::Reply<T>;
  struct Sandbox {
    std::string id;
    Timestamp created;
    std::optional<Timestamp> started;
    std::optional<Timestamp> stopped;
    UniqueFd network;
    std::vector<Reply<sandbox_api::WaitSandboxResponse>> waiting;
  };

  Result<sandbox_api::CreateSandboxResponse> create(const sandbox_api::CreateSandboxRequest& request);
  Result<sandbox_api::StartSandboxResponse> start(const sandbox_api::StartSandboxRequest& request);
  Result<sandbox_api::PlatformResponse> platform(const sandbox_api::PlatformRequest& request);
  Result<sandbox_api::StopSandboxResponse> stop(const sandbox_api::StopSandboxRequest& request);
  void wait(const sandbox_api::WaitSandboxRequest& request, Reply<sandbox_api::WaitSandboxResponse> reply);
  Result<sandbox_api::SandboxStatusResponse> status(const sandbox_api::SandboxStatusRequest& request);
  Result<sandbox_api::PingResponse> ping(const sandbox_api::PingRequest& request);
  void shut_down(const sandbox_api::ShutdownSandboxRequest& request,
                 const Reply<sandbox_api::ShutdownSandboxResponse>& reply);
  Result<sandbox_api::SandboxMetricsResponse> metrics(const sandbox_api::SandboxMetricsRequest& request);

  /// Errors: kNotFound.
  Result<Sandbox*> find(const std::string& id);
  void end(Sandbox& sandbox);

  SandboxedContainers& containers_;
  std::function<void()> on_shutdown_;
  std::optional<Sandbox> sandbox_;
};

}  // namespace hull::shim
