#pragma once

#include <string>
#include <vector>

#include "ipc/grpc/status.h"
#include "ipc/proto/containerd/services/introspection.grpc.pb.h"
#include "supervisor/metadata/filter.h"
#include "supervisor/services/plugin_list.h"
#include "supervisor/services/task_call.h"

namespace hull::supervisor {

namespace introspection_api = containerd::services::introspection::v1;

/// What the daemon is made of. A shim that is asked about its runtime may take its time: no call holds a thread of
/// gRPC's.
class IntrospectionService final : public introspection_api::Introspection::CallbackService {
 public:
  IntrospectionService(std::vector<DaemonPart> plugins, std::string uuid)
      : plugins_(std::move(plugins)), uuid_(std::move(uuid)) {}

  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;
  Reactor* Plugins(Context* context, const introspection_api::PluginsRequest* request,
                   introspection_api::PluginsResponse* response) override {
    return answer(*context, plugins(*request, *response));
  }
  Reactor* Server(Context* context, const google::protobuf::Empty*,
                  introspection_api::ServerResponse* response) override {
    return answer(*context, server(*response));
  }
  Reactor* PluginInfo(Context* context, const introspection_api::PluginInfoRequest* request,
                      introspection_api::PluginInfoResponse* response) override;

 private:
  static Reactor* answer(Context& context, const Result<void>& result);
  Result<void> plugins(const introspection_api::PluginsRequest& request, introspection_api::PluginsResponse& response);
  Result<void> server(introspection_api::ServerResponse& response);
  Result<void> plugin_info(const Call& call, const introspection_api::PluginInfoRequest& request,
                           introspection_api::PluginInfoResponse& response);

  const std::vector<DaemonPart> plugins_;
  const std::string uuid_;
  ThreadPool workers_{"introspection", 4};
};

}  // namespace hull::supervisor
