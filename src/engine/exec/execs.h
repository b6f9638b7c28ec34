#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "api/container/exec.h"
#include "base/daemon/thread_pool.h"
#include "base/guarded.h"
#include "base/result.h"
#include "engine/containerd/tasks.h"
#include "engine/containers/container_index.h"
#include "engine/containers/settings.h"
#include "engine/events/event_bus.h"
#include "engine/exec/exec.h"
#include "engine/stdio/client_queue.h"
#include "engine/stdio/pump.h"

namespace hull::engine {

/// The exec family: /containers/{id}/exec and /exec/{id}/*. Thread-safe.
class Execs {
 public:
  struct Needs {
    const ContainerIndex& containers;
    containerd::Tasks& tasks;
    stdio::Pump& pump;
    EventSink& events;
    const ContainerSettings& settings;
  };
  explicit Execs(const Needs& needs) : needs_(needs), finishers_("exec-end", 4) {}

  /// Errors: kNotFound; kConflict where the container does not run or is paused; kInvalidArgument without a command.
  Result<std::string> create(const std::string& container, api::CreateExec request);
  /// Errors: kNotFound "No such exec instance: x".
  Result<ExecPtr> find(const std::string& id) const;
  Result<api::ExecInspect> inspect(const std::string& id) const;
  /// Width and height in characters. Errors: kConflict where it does not run.
  Result<void> resize(const std::string& id, uint32_t width, uint32_t height);

  /// The checks of start(), made before a connection is taken over: afterwards only the stream can tell of errors.
  /// Errors: kConflict.
  Result<void> check_start(const Exec& exec) const;
  /// Starts it; output goes to the client where there is one, else to nobody. Errors: as the runtime's, in its words;
  /// the exec then has ended with 126 or 127, as shells say "cannot execute" and "not found".
  Result<void> start(const ExecPtr& exec, const api::StartExec& options,
                     const std::shared_ptr<stdio::ClientQueue>& client);
  /// Starts it for ourselves, without a client: what it writes goes to `output`, and `ended` is told of its end, once.
  Result<void> start(const ExecPtr& exec, std::unique_ptr<logs::Driver> output, std::function<void(int64_t)> ended);
  /// What can't be killed has ended, or will be found to have.
  void kill(const Exec& exec, int signal);
  /// The client closed its half of the connection.
  void end_input(const Exec& exec);

  /// A process that was added to a container ended.
  void on_exit(const containerd::TaskName& name, const containerd::TaskExit& exit);
  /// The container's own process ended, and all others with it.
  void on_container_exit(const std::string& container);
  /// The daemon ends: nobody is told of an end any more once this returns. Repeat calls do nothing.
  void close();

  /// After the connection to the supervisor was made anew: exits may have been missed.
  void reconcile();

 private:
  struct Receiver {
    std::shared_ptr<stdio::ClientQueue> client;
    std::unique_ptr<logs::Driver> driver;
    bool any() const { return client || driver; }
  };
  Result<void> start_for(const ExecPtr& exec, const api::StartExec& options, Receiver receiver);
  Result<stdio::Fifos> open_streams(Exec& exec, Receiver receiver);
  Result<void> launch(Exec& exec, const api::StartExec& options, const stdio::Fifos& fifos);
  void finish(const ExecPtr& exec, int64_t exit_code);
  void publish(const Exec& exec, const std::string& action, std::map<std::string, std::string> more) const;
  void forget_ended();

  Call patience() const;

  const Needs needs_;
  std::stop_source stop_;  // breaks off what the supervisor does not answer at the end
  Guarded<std::map<std::string, ExecPtr>> execs_;
  ThreadPool finishers_;
};

}  // namespace hull::engine
