#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/call.h"
#include "base/daemon/thread_pool.h"
#include "base/event_loop.h"
#include "base/guarded.h"
#include "base/result.h"
#include "supervisor/events/exchange.h"
#include "supervisor/tasks/bundle.h"
#include "supervisor/tasks/container_source.h"
#include "supervisor/tasks/shim.h"
#include "supervisor/tasks/shim_command.h"

namespace hull::supervisor {

struct TasksConfig {
  BundlePlaces places;
  ShimEnvironment shims;
};

struct NewTask {
  std::string ns;
  std::string id;
  /// Filled by the caller but for id and bundle: mounts, stdio, options.
  task_api::CreateTaskRequest request;
  std::string runtime;  ///< a name or path that goes before the record's; mostly empty
  /// Puts criu's images into that folder, for a task that goes on where another one was; mostly empty.
  std::function<Result<void>(const std::string& folder)> fill_checkpoint = {};
};

/// All tasks: which container runs in which shim.
///
/// A task is here from the moment its shim was asked for until it was deleted. Its truth lives in the shim; a
/// supervisor that restarts finds the shims by their bundles (restore()) and goes on. A shim that dies takes its
/// container with it: what it left is cleaned up, and the exit is published in its stead, once.
///
/// Thread-safe; no lock is held while a shim is asked.
class Tasks {
 public:
  /// loop runs on a thread of its own and outlives this; so do exchange and containers.
  Tasks(TasksConfig config, EventLoop& loop, Exchange& exchange, ContainerSource& containers);
  ~Tasks();
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  /// Takes over what runs since before we started. Before other calls.
  Result<void> restore();

  /// Makes bundle and shim, and the container in it; its first process waits for Start. Returns its pid.
  /// Errors: kNotFound: no such container, no such runtime; kAlreadyExists: a task is there; else the shim's.
  Result<uint32_t> create(const Call& call, NewTask task);
  /// Ends the task's shim and removes its bundle. Errors: kNotFound; kFailedPrecondition: it runs; else the shim's.
  Result<task_api::DeleteResponse> remove(const Call& call, const std::string& ns, const std::string& id);

  /// Errors: kNotFound.
  Result<std::shared_ptr<Shim>> find(const std::string& ns, const std::string& id) const;
  std::vector<std::shared_ptr<Shim>> list(const std::string& ns) const;
  /// State of all tasks of the namespace, asked at once; those that don't answer in time are left out.
  std::vector<task_api::StateResponse> states(const Call& call, const std::string& ns) const;

 private:
  using Key = std::pair<std::string, std::string>;
  struct Entry {
    std::shared_ptr<Shim> shim;                    // null while it is being made
    std::optional<task_api::DeleteResponse> exit;  // as the shim has published it
  };

  Result<uint32_t> create_reserved(const Call& call, NewTask& task, const TaskSource& source);
  Result<void> launch(const Call& call, const std::shared_ptr<Shim>& shim, const std::string& options);
  Result<ShimAddress> reach(const Call& call, const std::shared_ptr<Shim>& shim, const std::string& options);
  Result<void> connect(const std::shared_ptr<Shim>& shim, const ShimAddress& address);
  std::shared_ptr<const std::string> user_of(const std::string& socket);
  void take_over(const std::shared_ptr<Shim>& shim);
  Result<task_api::DeleteResponse> end_deleted(const Call& call, const std::shared_ptr<Shim>& shim,
                                               Result<task_api::DeleteResponse> deleted);
  void abandon(const std::shared_ptr<Shim>& shim);
  bool end_gently(Shim& shim);
  void remove_traces(const Shim& shim);
  Result<void> adopt(const Bundle& bundle);
  void shim_died(const std::shared_ptr<Shim>& shim);
  task_api::DeleteResponse clean_up_after(const Shim& shim);
  void publish_end(const Shim& shim, const task_api::DeleteResponse& end, bool exit_is_known);
  void observe(const Envelope& envelope);
  /// The entry, where it was that shim's.
  std::optional<Entry> forget(const Shim& shim);

  const TasksConfig config_;
  EventLoop& loop_;
  Exchange& exchange_;
  ContainerSource& containers_;
  Guarded<std::map<Key, Entry>> entries_;
  Guarded<std::map<std::string, std::weak_ptr<const std::string>>> sockets_;  // of shims that we are connected to
  std::stop_source stop_;  // ends what clean-ups wait for; who starts next goes on with them
  ThreadPool cleaners_{"shim-cleaner", 4};
};

}  // namespace hull::supervisor
