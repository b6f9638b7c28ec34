#pragma once

#include "base/daemon/thread_pool.h"
#include "ipc/proto/containerd/services/tasks.grpc.pb.h"
#include "supervisor/metadata/containers.h"
#include "supervisor/metadata/content.h"
#include "supervisor/services/task_call.h"
#include "supervisor/tasks/tasks.h"

namespace hull::supervisor {

namespace tasks_api = containerd::services::tasks::v1;

/// Tasks over gRPC: finds the shim, passes the call on. Calls that shims answer hold no thread; the others are stopped
/// when their client goes away or the server ends.
class TasksService final : public tasks_api::Tasks::CallbackService {
 public:
  /// scratch: a folder for checkpoints on their way to the content store.
  TasksService(Tasks& tasks, ContentStore& content, ContainerStore& containers, std::string scratch)
      : tasks_(tasks), content_(content), containers_(containers), scratch_(std::move(scratch)) {}

  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;
  using Empty = google::protobuf::Empty;
  Reactor* Create(Context*, const tasks_api::CreateTaskRequest*, tasks_api::CreateTaskResponse*) override;
  Reactor* Start(Context*, const tasks_api::StartRequest*, tasks_api::StartResponse*) override;
  Reactor* Delete(Context*, const tasks_api::DeleteTaskRequest*, tasks_api::DeleteResponse*) override;
  Reactor* DeleteProcess(Context*, const tasks_api::DeleteProcessRequest*, tasks_api::DeleteResponse*) override;
  Reactor* Get(Context*, const tasks_api::GetRequest*, tasks_api::GetResponse*) override;
  Reactor* List(Context*, const tasks_api::ListTasksRequest*, tasks_api::ListTasksResponse*) override;
  Reactor* Kill(Context*, const tasks_api::KillRequest*, Empty*) override;
  Reactor* Exec(Context*, const tasks_api::ExecProcessRequest*, Empty*) override;
  Reactor* ResizePty(Context*, const tasks_api::ResizePtyRequest*, Empty*) override;
  Reactor* CloseIO(Context*, const tasks_api::CloseIORequest*, Empty*) override;
  Reactor* Pause(Context*, const tasks_api::PauseTaskRequest*, Empty*) override;
  Reactor* Resume(Context*, const tasks_api::ResumeTaskRequest*, Empty*) override;
  Reactor* ListPids(Context*, const tasks_api::ListPidsRequest*, tasks_api::ListPidsResponse*) override;
  Reactor* Checkpoint(Context*, const tasks_api::CheckpointTaskRequest*, tasks_api::CheckpointTaskResponse*) override;
  Reactor* Update(Context*, const tasks_api::UpdateTaskRequest*, Empty*) override;
  Reactor* Metrics(Context*, const tasks_api::MetricsRequest*, tasks_api::MetricsResponse*) override;
  Reactor* Wait(Context*, const tasks_api::WaitRequest*, tasks_api::WaitResponse*) override;

 private:
  Result<std::shared_ptr<Shim>> shim_of(const Context& context, const std::string& id) const;
  /// fill: puts the shim's answer into the client's.
  template <class Out, class In>
  Reactor* pass(Context& context, const char* method, const In& request, std::function<void(const Out&)> fill) const;
  /// Passes a request with an answer that says nothing.
  template <class In>
  Reactor* pass(Context& context, const char* method, const In& request) const;
  Reactor* work(const Context& context, WorkedCall::Work work);
  Result<void> checkpoint(const Call& call, const Scope& scope, const tasks_api::CheckpointTaskRequest& request,
                          tasks_api::CheckpointTaskResponse& response);

  Tasks& tasks_;
  ContentStore& content_;
  ContainerStore& containers_;
  const std::string scratch_;
  ThreadPool workers_{"tasks", 128};
};

}  // namespace hull::supervisor
