#include "programs/hull-containerd/publish.h"

#include <grpcpp/client_context.h>
#include <unistd.h>

#include <chrono>

#include "base/files.h"
#include "ipc/grpc/channel.h"
#include "ipc/grpc/metadata.h"
#include "ipc/grpc/status.h"
#include "ipc/proto/containerd/services/events.grpc.pb.h"

namespace hull::supervisor {

Result<void> publish_event(const CommandLine& line) {
  namespace api = containerd::services::events::v1;
  const std::string bytes = TRY(read_all(FdRef(STDIN_FILENO), 4_MiB).context("read event"));
  api::PublishRequest request;
  if (!request.mutable_event()->ParseFromString(bytes))
    return invalid_argument("standard input: expected a serialized google.protobuf.Any");
  request.set_topic(line.topic);
  grpc::ClientContext context;
  context.AddMetadata(ipc::kNamespaceHeader, line.ns);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
  google::protobuf::Empty response;
  const auto stub = api::Events::NewStub(ipc::unix_channel(line.config.address));
  return ipc::to_result(stub->Publish(&context, request, &response));
}

}  // namespace hull::supervisor
