#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/call.h"
#include "base/daemon/thread_pool.h"
#include "base/event_loop.h"
#include "base/guarded.h"
#include "base/result.h"
#include "supervisor/sandboxes/sandbox_shim.h"
#include "supervisor/tasks/bundle.h"
#include "supervisor/tasks/shim_command.h"

namespace hull::supervisor {

struct NewSandbox {
  std::string ns;
  std::string id;
  std::string runtime;  ///< "io.containerd.hull.v2"
  std::string options;  ///< the runtime options, a serialized Any; may be empty
  std::string spec;     ///< config.json of the bundle
  /// Filled by the caller but for id and bundle.
  sandbox_shim_api::CreateSandboxRequest request;
};

/// All sandboxes that shims run: containerd's controller "shim".
///
/// Thread-safe; no lock is held while a shim is asked. A shim that dies takes its sandbox with it.
class Sandboxes {
 public:
  struct Config {
    std::string state;
    std::string root;
    ShimEnvironment shims;
  };
  /// Tells a sandbox's end, once; on a thread that may not wait.
  using OnExit =
      std::function<void(const std::string& ns, const std::string& id, const sandbox_shim_api::WaitSandboxResponse&)>;

  /// loop runs on a thread of its own and outlives this.
  Sandboxes(Config config, EventLoop& loop, OnExit on_exit);
  ~Sandboxes();
  Sandboxes(const Sandboxes&) = delete;
  Sandboxes& operator=(const Sandboxes&) = delete;

  /// Takes over what runs since before we started. Before other calls.
  Result<void> restore();

  /// Makes bundle and shim, and the sandbox in it. Errors: kAlreadyExists; else the shim's. Nothing is left on an
  /// error.
  Result<void> create(const Call& call, NewSandbox sandbox);
  /// Errors: kNotFound; the shim's, and then the sandbox is gone.
  Result<sandbox_shim_api::StartSandboxResponse> start(const Call& call, const std::string& ns, const std::string& id);
  /// Ends the shim and removes the bundle. Errors: kNotFound; else the shim's.
  Result<void> shutdown(const Call& call, const std::string& ns, const std::string& id);
  /// Errors: kNotFound.
  Result<std::shared_ptr<SandboxShim>> find(const std::string& ns, const std::string& id) const;

 private:
  using Key = std::pair<std::string, std::string>;

  Result<void> launch(const Call& call, const std::shared_ptr<SandboxShim>& sandbox, NewSandbox& made);
  Result<void> connect(const std::shared_ptr<SandboxShim>& sandbox, const ShimAddress& address);
  Result<void> adopt(const Bundle& bundle);
  void watch_end(const std::shared_ptr<SandboxShim>& sandbox);
  void died(const std::shared_ptr<SandboxShim>& sandbox);
  /// Ends a shim, gently where it listens, and removes its traces.
  void end(SandboxShim& sandbox);
  void clean_up_after(SandboxShim& sandbox);
  void forget(const SandboxShim& sandbox);

  const BundlePlaces places_;
  const ShimEnvironment shims_;
  EventLoop& loop_;
  const OnExit on_exit_;
  Guarded<std::map<Key, std::shared_ptr<SandboxShim>>> sandboxes_;  // null while it is being made
  std::stop_source stop_;
  ThreadPool cleaners_{"sandbox-cleaner", 4};
};

}  // namespace hull::supervisor
