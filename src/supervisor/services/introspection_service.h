#pragma once

#include <map>
#include <string>
#include <vector>

#include "ipc/grpc/status.h"
#include "ipc/proto/containerd/services/introspection.grpc.pb.h"
#include "supervisor/metadata/filter.h"

namespace hull::supervisor {

namespace introspection_api = containerd::services::introspection::v1;

/// A part of the daemon, by containerd's names for them: clients look for what they need here.
struct DaemonPart {
  std::string type;  ///< "io.containerd.snapshotter.v1"
  std::string id;    ///< "overlayfs"
  std::vector<std::string> required_types;
  std::map<std::string, std::string> exports;
  std::vector<std::string> capabilities;
  bool has_platform = false;  ///< whether it works on this machine's platform only
  std::string skipped;        ///< why it does not work here; "": it does
};
/// The parts that are always there.
std::vector<DaemonPart> builtin_plugins();

/// What the daemon is made of.
class IntrospectionService final : public introspection_api::Introspection::Service {
 public:
  IntrospectionService(std::vector<DaemonPart> plugins, std::string uuid)
      : plugins_(std::move(plugins)), uuid_(std::move(uuid)) {}

  grpc::Status Plugins(grpc::ServerContext*, const introspection_api::PluginsRequest* request,
                       introspection_api::PluginsResponse* response) override {
    return ipc::to_status(plugins(*request, *response));
  }
  grpc::Status Server(grpc::ServerContext*, const google::protobuf::Empty*,
                      introspection_api::ServerResponse* response) override {
    return ipc::to_status(server(*response));
  }
  grpc::Status PluginInfo(grpc::ServerContext*, const introspection_api::PluginInfoRequest* request,
                          introspection_api::PluginInfoResponse* response) override {
    return ipc::to_status(plugin_info(*request, *response));
  }

 private:
  Result<void> plugins(const introspection_api::PluginsRequest& request, introspection_api::PluginsResponse& response);
  Result<void> server(introspection_api::ServerResponse& response);
  Result<void> plugin_info(const introspection_api::PluginInfoRequest& request,
                           introspection_api::PluginInfoResponse& response);

  const std::vector<DaemonPart> plugins_;
  const std::string uuid_;
};

}  // namespace hull::supervisor
