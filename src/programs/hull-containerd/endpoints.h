#pragma once

#include <memory>

#include "base/result.h"
#include "ipc/grpc/call_metrics.h"
#include "ipc/http/server.h"
#include "programs/hull-containerd/config.h"

namespace hull::supervisor {

/// What the daemon tells over HTTP, where the configuration asks for it: metrics for Prometheus (`/v1/metrics`) and a
/// debug socket (`/debug/vars`).
class Endpoints {
 public:
  /// metrics outlives this. Errors: an address that can't be listened on.
  static Result<std::unique_ptr<Endpoints>> start(const Config& config, const ipc::CallMetrics& metrics);

 private:
  Endpoints() = default;
  std::unique_ptr<http::Server> metrics_;
  std::unique_ptr<http::Server> debug_;
};

}  // namespace hull::supervisor
