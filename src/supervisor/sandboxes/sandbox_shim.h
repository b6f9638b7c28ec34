#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "ipc/proto/shim/sandbox.pb.h"
#include "supervisor/tasks/shim.h"

namespace hull::supervisor {

namespace sandbox_shim_api = containerd::runtime::sandbox::v1;

/// A running shim and the sandbox in it, by its protocol. Thread-safe.
class SandboxShim {
 public:
  SandboxShim(Bundle bundle, std::string binary)
      : shim_(std::make_shared<Shim>(std::move(bundle), std::move(binary))) {}

  Shim& shim() { return *shim_; }
  const Bundle& bundle() const { return shim_->bundle; }

  template <class Out, class In>
  Result<Out> call(const Call& call, const char* method, const In& request) {
    return shim_->call_service<Out>(call, kService, method, request);
  }
  /// As Shim's: returns what cancel() takes; the callback runs on the loop's thread, or at once.
  template <class Out, class In>
  uint32_t start(const char* method, const In& request, std::function<void(Result<Out>)> callback) {
    return shim_->start_service<Out>(kService, method, request, std::move(callback));
  }
  void cancel(uint32_t call) { shim_->cancel(call); }

  /// Whether the caller is the first to tell the sandbox's end.
  bool first_to_announce() { return !announced_.exchange(true); }

 private:
  static constexpr const char* kService = "containerd.runtime.sandbox.v1.Sandbox";
  const std::shared_ptr<Shim> shim_;
  std::atomic<bool> announced_ = false;
};

}  // namespace hull::supervisor
