#pragma once

#include "base/call.h"
#include "base/result.h"
#include "base/rollback.h"
#include "engine/containerd/tasks.h"
#include "engine/containers/links.h"
#include "engine/containers/oci/user.h"
#include "engine/containers/registry.h"

namespace hull::engine {

/// Makes a container's process, and clears up after it. Every call is made under the container's turn.
class Runner {
 public:
  explicit Runner(Registry& registry) : registry_(registry) {}

  /// Everything that a run needs, in the order of docs/architecture.md, then the process itself. Returns the record of
  /// the running container; it is neither saved nor shown yet. Nothing is left behind on an error.
  Result<ContainerRecord> start(const Call& call, Container& container);

  /// After a restart of the engine: takes over what runs.
  Result<ContainerRecord> adopt(Container& container);

  /// Whether all that a process wrote lies in its FIFOs when its end is told: our own shim hands them to the process
  /// itself, while others, and terminals, have copiers that may be behind.
  bool output_is_complete_at_exit(const ContainerRecord& record) const;
  /// The process has ended: removes the task and moves the rest of its output. `seen` is what the event said, for when
  /// the supervisor has forgotten the task.
  containerd::TaskExit end_task(const Call& call, Container& container, const containerd::TaskExit& seen);
  /// Gives back what end_task() leaves, but for the sandbox.
  void release(const Call& call, const ContainerRecord& record);
  void remove_sandbox(const std::string& container);
  /// Ends and removes the task of a run that is not, or no more, known. A missing one is no error.
  Result<void> end_stray_task(const Call& call, const std::string& id) const;
  /// What such a run leaves beside its task.
  void clear_stray_run(const Call& call, const std::string& id) const;
  void unmount_parts(const std::string& id) const;

  /// The user and groups that a process in the container gets.
  Result<oci::ResolvedUser> resolve_user(const ContainerRecord& record, const std::string& user) const;
  /// Path of the OCI runtime; empty for the shim's default.
  std::string runtime_binary(const ContainerRecord& record) const;

 private:
  Result<void> mount_volumes(const ContainerRecord& record, Rollback& undo) const;
  std::string mounts_directory(const std::string& id) const;
  Result<std::vector<MountPlan>> mount_parts(const ContainerRecord& record, Rollback& undo) const;
  Result<std::string> find_shared_memory(const ContainerRecord& record, Rollback& undo) const;
  struct Linked {
    Link link;
    RecordPtr other;
  };
  Result<std::vector<Linked>> linked_containers(const ContainerRecord& record) const;
  Result<RecordPtr> joined_container(const std::string& mode, const char* what) const;
  Result<Sandbox> make_sandbox(const ContainerRecord& record, Rollback& undo) const;
  Result<SandboxRequest> request_of(const ContainerRecord& record) const;
  Result<std::string> make_spec(const ContainerRecord& record, Rollback& undo) const;
  Result<stdio::Fifos> begin_streams(Container& container, const ContainerRecord& record, Rollback& undo) const;
  Result<void> open_hub(Container& container, const ContainerRecord& record, const stdio::Fifos& fifos) const;
  Result<int64_t> run_task(const Call& call, const ContainerRecord& record, const stdio::Fifos& fifos,
                           const std::string& spec, Rollback& undo) const;
  stdio::Fifos fifos_of(const ContainerRecord& record) const;

  Registry& registry_;
};

/// The status that Docker gives to a start that went wrong: what the user asked for can't run (kInvalidArgument, with
/// 126 or 127 as the exit code), or the machine failed (kInternal, 128).
struct StartFailure {
  Error error;
  int exit_code;
};
StartFailure classify_start_failure(const Error& error);

}  // namespace hull::engine
