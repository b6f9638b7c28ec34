#pragma once

#include "base/daemon/thread_pool.h"
#include "ipc/proto/containerd/services/transfer.grpc.pb.h"
#include "registry/client/http.h"
#include "supervisor/gc/collector.h"
#include "supervisor/services/event_sink.h"
#include "supervisor/services/stream_hub.h"
#include "supervisor/transfer/pull.h"

namespace hull::supervisor {

namespace transfer_api = containerd::services::transfer::v1;

/// Transfers over gRPC: import, export, pull, push, tag. Each holds a thread of its pool while it works, and is stopped
/// when its client goes away or the server ends.
class TransferService final : public transfer_api::Transfer::CallbackService {
 public:
  TransferService(TransferStores stores, StreamHub& hub, Collector& collector, EventSink& events)
      : stores_(std::move(stores)), hub_(hub), collector_(collector), events_(events) {}

  grpc::ServerUnaryReactor* Transfer(grpc::CallbackServerContext* context, const transfer_api::TransferRequest* request,
                                     google::protobuf::Empty* response) override;

 private:
  Result<void> transfer(const Call& call, const Scope& scope, const transfer_api::TransferRequest& request);
  Result<void> dispatch(TransferJob& job, const transfer_api::TransferRequest& request);
  Result<void> import_from(TransferJob& job, const google::protobuf::Any& source, const ImageNames& names);
  Result<void> export_to(TransferJob& job, const ImageNames& names, const google::protobuf::Any& destination);
  Result<void> with_registry(TransferJob& job, const google::protobuf::Any& place,
                             const std::function<Result<void>(const RegistryPlace&)>& act);
  ImageKept kept(const Scope& scope);

  TransferStores stores_;
  StreamHub& hub_;
  Collector& collector_;
  EventSink& events_;
  registry::Http http_{registry::Http::Options{}};
  ThreadPool workers_{"transfers", 32};
};

}  // namespace hull::supervisor
