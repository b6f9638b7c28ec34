#pragma once

#include "ipc/proto/containerd/services/streaming.grpc.pb.h"
#include "supervisor/services/stream_hub.h"

namespace hull::supervisor {

namespace streaming_api = containerd::services::streaming::v1;

/// Streams over gRPC, for other calls to use. They hold no thread.
class StreamingService final : public streaming_api::Streaming::CallbackService {
 public:
  explicit StreamingService(StreamHub& hub) : hub_(hub) {}
  grpc::ServerBidiReactor<google::protobuf::Any, google::protobuf::Any>* Stream(
      grpc::CallbackServerContext* context) override;

 private:
  StreamHub& hub_;
};

}  // namespace hull::supervisor
