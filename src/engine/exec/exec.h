#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/container/exec.h"
#include "base/time.h"
#include "engine/containers/container.h"
#include "engine/stdio/hub.h"

namespace hull::engine {

/// One process added to a container: what was asked for, and how far it is. Thread-safe.
class Exec {
 public:
  enum class Stage { kCreated, kStarting, kRunning, kEnded };

  Exec(std::string id, ContainerPtr container, api::CreateExec request, std::shared_ptr<stdio::Hub> hub)
      : id_(std::move(id)), container_(std::move(container)), request_(std::move(request)), hub_(std::move(hub)) {}

  const std::string& id() const { return id_; }
  const ContainerPtr& container() const { return container_; }
  const api::CreateExec& request() const { return request_; }
  const std::shared_ptr<stdio::Hub>& hub() const { return hub_; }

  /// Called with the exit code once all else of the end is done, and then let go with what it holds. Set before it is
  /// started; nullptr takes it back.
  void on_end(std::function<void(int64_t)> tell);
  void tell_end(int64_t exit_code);

  /// Takes the only right to start it. Errors: kConflict.
  Result<void> begin();
  void running(int64_t pid);
  /// False where it had ended before: who gets true does what an end entails, once.
  bool claim_end();
  void ended(int64_t exit_code);

  struct State {
    Stage stage = Stage::kCreated;
    int64_t pid = 0;
    std::optional<int64_t> exit_code;
    std::optional<Timestamp> ended_at;
  };
  State state() const;

 private:
  const std::string id_;
  const ContainerPtr container_;
  const api::CreateExec request_;
  const std::shared_ptr<stdio::Hub> hub_;

  mutable std::mutex mutex_;
  std::function<void(int64_t)> tell_end_;  // guarded by mutex_
  State state_;                            // guarded by mutex_
  bool end_claimed_ = false;               // guarded by mutex_
};
using ExecPtr = std::shared_ptr<Exec>;

}  // namespace hull::engine
