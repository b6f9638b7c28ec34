#pragma once

#include <grpcpp/impl/service_type.h>

#include <memory>
#include <string>
#include <vector>

namespace hull::ipc {

/// Server reflection, v1 and v1alpha: tells clients that know no .proto files (grpcurl) what is served. A stream holds
/// no thread. services: the full names of what the server serves; their descriptors are linked in.
/// Source: gRPC's doc/server-reflection.md.
std::vector<std::unique_ptr<grpc::Service>> make_reflection_services(std::vector<std::string> services);

}  // namespace hull::ipc
