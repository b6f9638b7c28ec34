#include "supervisor/services/sandbox_store_service.h"

#include "supervisor/services/convert.h"

namespace hull::supervisor {
namespace {

void fill(const SandboxRecord& record, containerd::types::Sandbox& out) {
  out.set_sandbox_id(record.id);
  out.mutable_runtime()->set_name(record.runtime);
  if (!record.runtime_options.empty()) to_proto(record.runtime_options, *out.mutable_runtime()->mutable_options());
  if (!record.spec.empty()) to_proto(record.spec, *out.mutable_spec());
  to_proto(record.labels, *out.mutable_labels());
  to_proto(record.created, *out.mutable_created_at());
  to_proto(record.updated, *out.mutable_updated_at());
  for (const auto& [name, value] : record.extensions) to_proto(value, (*out.mutable_extensions())[name]);
  out.set_sandboxer(record.sandboxer);
}

}  // namespace

SandboxRecord from_proto(const containerd::types::Sandbox& sandbox) {
  SandboxRecord record;
  record.id = sandbox.sandbox_id();
  record.labels = from_proto(sandbox.labels());
  record.runtime = sandbox.runtime().name();
  record.runtime_options = from_proto(sandbox.runtime().options());
  record.spec = from_proto(sandbox.spec());
  for (const auto& [name, value] : sandbox.extensions()) record.extensions[name] = from_proto(value);
  record.sandboxer = sandbox.sandboxer();
  return record;
}

Result<void> SandboxStoreService::create(const grpc::ServerContext& context,
                                         const sandbox_api::StoreCreateRequest& request,
                                         sandbox_api::StoreCreateResponse& response) {
  fill(TRY(store_.create(TRY(scope_of(context)), from_proto(request.sandbox()))), *response.mutable_sandbox());
  return {};
}

Result<void> SandboxStoreService::update(const grpc::ServerContext& context,
                                         const sandbox_api::StoreUpdateRequest& request,
                                         sandbox_api::StoreUpdateResponse& response) {
  const Mask mask{{request.fields().begin(), request.fields().end()}};
  fill(TRY(store_.update(TRY(scope_of(context)), from_proto(request.sandbox()), mask)), *response.mutable_sandbox());
  return {};
}

Result<void> SandboxStoreService::remove(const grpc::ServerContext& context,
                                         const sandbox_api::StoreDeleteRequest& request) {
  return store_.remove(TRY(scope_of(context)), request.sandbox_id());
}

Result<void> SandboxStoreService::list(const grpc::ServerContext& context, const sandbox_api::StoreListRequest& request,
                                       sandbox_api::StoreListResponse& response) {
  const auto filters = TRY(filters_from(request.filters()));
  for (const auto& record : TRY(store_.list(TRY(scope_of(context)), filters))) fill(record, *response.add_list());
  return {};
}

Result<void> SandboxStoreService::get(const grpc::ServerContext& context, const sandbox_api::StoreGetRequest& request,
                                      sandbox_api::StoreGetResponse& response) {
  fill(TRY(store_.get(TRY(scope_of(context)), request.sandbox_id())), *response.mutable_sandbox());
  return {};
}

}  // namespace hull::supervisor
