#include "engine/containerd/leases.h"

#include "base/ids.h"
#include "base/log.h"
#include "base/time.h"
#include "engine/containerd/channel.h"
#include "ipc/proto/containerd/services/leases.grpc.pb.h"

namespace hull::engine::containerd {
namespace pb = ::containerd::services::leases::v1;

Result<Lease> Lease::take(const Connection& connection, const hull::Call& call) {
  const auto stub = pb::Leases::NewStub(connection.channel().grpc());
  pb::CreateRequest request;
  request.set_id("hull-" + random_hex(24));
  (*request.mutable_labels())["containerd.io/gc.expire"] = format_rfc3339(now() + kLifetime);
  TRY(unary(connection.channel(), call, *stub, &pb::Leases::Stub::Create, request));
  return Lease(connection, request.id());
}

Lease::Lease(Connection connection, std::string id)
    : id_(std::move(id)), connection_(std::move(connection)), leased_(connection_.leased(id_)) {}

Result<void> Lease::keep_snapshot(const hull::Call& call, const std::string& snapshotter,
                                  const std::string& name) const {
  return keep(call, "snapshots/" + snapshotter, name);
}

Result<void> Lease::keep_blob(const hull::Call& call, const image::Digest& digest) const {
  return keep(call, "content", digest.str());
}

Result<void> Lease::keep(const hull::Call& call, const std::string& type, const std::string& id) const {
  const auto stub = pb::Leases::NewStub(connection_.channel().grpc());
  pb::AddResourceRequest request;
  request.set_id(id_);
  request.mutable_resource()->set_id(id);
  request.mutable_resource()->set_type(type);
  const auto added = unary(connection_.channel(), call, *stub, &pb::Leases::Stub::AddResource, request);
  if (!added.ok() && !added.is(Code::kNotFound)) return added.error();
  return {};
}

Lease::Lease(Lease&& other) noexcept
    : id_(std::exchange(other.id_, {})), connection_(std::move(other.connection_)), leased_(std::move(other.leased_)) {}

Lease::~Lease() {
  if (id_.empty()) return;
  const auto stub = pb::Leases::NewStub(connection_.channel().grpc());
  pb::DeleteRequest request;
  request.set_id(id_);
  const auto call = hull::Call::within(std::chrono::seconds(10));
  const auto deleted = unary(connection_.channel(), call, *stub, &pb::Leases::Stub::Delete, request);
  if (!deleted.ok()) logging::warn("delete lease", {{"lease", id_}, {"error", deleted.error().message()}});
}

}  // namespace hull::engine::containerd
