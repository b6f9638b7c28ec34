#pragma once

#include "ipc/grpc/status.h"
#include "ipc/proto/containerd/services/sandbox.grpc.pb.h"
#include "supervisor/metadata/sandboxes.h"

namespace hull::supervisor {

namespace sandbox_api = containerd::services::sandbox::v1;

SandboxRecord from_proto(const containerd::types::Sandbox& sandbox);

/// Records of pods.
class SandboxStoreService final : public sandbox_api::Store::Service {
 public:
  explicit SandboxStoreService(SandboxStore& store) : store_(store) {}

  grpc::Status Create(grpc::ServerContext* context, const sandbox_api::StoreCreateRequest* request,
                      sandbox_api::StoreCreateResponse* response) override {
    return ipc::to_status(create(*context, *request, *response));
  }
  grpc::Status Update(grpc::ServerContext* context, const sandbox_api::StoreUpdateRequest* request,
                      sandbox_api::StoreUpdateResponse* response) override {
    return ipc::to_status(update(*context, *request, *response));
  }
  grpc::Status Delete(grpc::ServerContext* context, const sandbox_api::StoreDeleteRequest* request,
                      sandbox_api::StoreDeleteResponse*) override {
    return ipc::to_status(remove(*context, *request));
  }
  grpc::Status List(grpc::ServerContext* context, const sandbox_api::StoreListRequest* request,
                    sandbox_api::StoreListResponse* response) override {
    return ipc::to_status(list(*context, *request, *response));
  }
  grpc::Status Get(grpc::ServerContext* context, const sandbox_api::StoreGetRequest* request,
                   sandbox_api::StoreGetResponse* response) override {
    return ipc::to_status(get(*context, *request, *response));
  }

 private:
  Result<void> create(const grpc::ServerContext& context, const sandbox_api::StoreCreateRequest& request,
                      sandbox_api::StoreCreateResponse& response);
  Result<void> update(const grpc::ServerContext& context, const sandbox_api::StoreUpdateRequest& request,
                      sandbox_api::StoreUpdateResponse& response);
  Result<void> remove(const grpc::ServerContext& context, const sandbox_api::StoreDeleteRequest& request);
  Result<void> list(const grpc::ServerContext& context, const sandbox_api::StoreListRequest& request,
                    sandbox_api::StoreListResponse& response);
  Result<void> get(const grpc::ServerContext& context, const sandbox_api::StoreGetRequest& request,
                   sandbox_api::StoreGetResponse& response);

  SandboxStore& store_;
};

}  // namespace hull::supervisor
