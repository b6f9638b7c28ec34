#include "supervisor/services/tasks_service.h"

#include "ipc/grpc/status.h"
#include "supervisor/services/convert.h"
#include "supervisor/services/task_wait.h"

namespace hull::supervisor {
namespace {

constexpr std::chrono::seconds kStateTime(2);

Call call_of(const grpc::ServerContext& context) {
  const auto left = context.deadline() - std::chrono::system_clock::now();
  if (left > std::chrono::hours(24 * 365)) return Call{};  // gRPC's "never"
  return Call{.stop = {}, .deadline = std::chrono::steady_clock::now() + left};
}

/// Names a process in any of the shim's requests that have one.
template <class Message>
Message process_request(const std::string& id, const std::string& exec_id) {
  Message message;
  message.set_id(id);
  message.set_exec_id(exec_id);
  return message;
}

template <class Message>
Message container_request(const std::string& id) {
  Message message;
  message.set_id(id);
  return message;
}

/// What filters of tasks may ask for.
std::optional<std::string> field_of(const std::string& ns, const std::string& id, std::span<const std::string> path) {
  if (path[0] == "id") return id;
  if (path[0] == "namespace") return ns;
  return std::nullopt;
}

void fill(const task_api::DeleteResponse& deleted, tasks_api::DeleteResponse& out) {
  out.set_pid(deleted.pid());
  out.set_exit_status(deleted.exit_status());
  *out.mutable_exited_at() = deleted.exited_at();
}

void fill(const task_api::StateResponse& state, const std::string& container, containerd::v1::types::Process& out) {
  out.set_container_id(container);
  out.set_id(state.id());
  out.set_pid(state.pid());
  out.set_status(state.status());
  out.set_stdin(state.stdin());
  out.set_stdout(state.stdout());
  out.set_stderr(state.stderr());
  out.set_terminal(state.terminal());
  out.set_exit_status(state.exit_status());
  *out.mutable_exited_at() = state.exited_at();
}

}  // namespace

Result<std::shared_ptr<Shim>> TasksService::shim_of(const grpc::ServerContextBase& context,
                                                    const std::string& id) const {
  return tasks_.find(TRY(scope_of(context)).ns, id);
}

template <class In>
grpc::Status TasksService::pass(Context* context, const char* method, In request) const {
  const auto shim = shim_of(*context, request.id());
  if (!shim.ok()) return ipc::to_status(shim.error());
  return ipc::to_status((*shim)->template call<Empty>(call_of(*context), method, request));
}

grpc::Status TasksService::Create(Context* context, const tasks_api::CreateTaskRequest* request,
                                  tasks_api::CreateTaskResponse* response) {
  const auto create = [&]() -> Result<uint32_t> {
    const Scope scope = TRY(scope_of(*context));
    TRY(validate_identifier(request->container_id()));
    if (request->has_checkpoint()) return unimplemented("restore from a checkpoint is not supported");
    NewTask task{.ns = scope.ns, .id = request->container_id(), .request = {}, .runtime = request->runtime_path()};
    *task.request.mutable_rootfs() = request->rootfs();
    task.request.set_stdin(request->stdin());
    task.request.set_stdout(request->stdout());
    task.request.set_stderr(request->stderr());
    task.request.set_terminal(request->terminal());
    if (request->has_options()) *task.request.mutable_options() = request->options();
    return tasks_.create(call_of(*context), std::move(task));
  };
  const auto pid = create();
  if (!pid.ok()) return ipc::to_status(pid.error());
  response->set_container_id(request->container_id());
  response->set_pid(*pid);
  return grpc::Status::OK;
}

grpc::Status TasksService::Start(Context* context, const tasks_api::StartRequest* request,
                                 tasks_api::StartResponse* response) {
  const auto shim = shim_of(*context, request->container_id());
  if (!shim.ok()) return ipc::to_status(shim.error());
  const auto started = (*shim)->call<task_api::StartResponse>(
      call_of(*context), "Start", process_request<task_api::StartRequest>(request->container_id(), request->exec_id()));
  if (!started.ok()) return ipc::to_status(started.error());
  response->set_pid(started->pid());
  return grpc::Status::OK;
}

grpc::Status TasksService::Delete(Context* context, const tasks_api::DeleteTaskRequest* request,
                                  tasks_api::DeleteResponse* response) {
  const auto scope = scope_of(*context);
  if (!scope.ok()) return ipc::to_status(scope.error());
  const auto deleted = tasks_.remove(call_of(*context), scope->ns, request->container_id());
  if (!deleted.ok()) return ipc::to_status(deleted.error());
  fill(*deleted, *response);
  response->set_id(request->container_id());
  return grpc::Status::OK;
}

grpc::Status TasksService::DeleteProcess(Context* context, const tasks_api::DeleteProcessRequest* request,
                                         tasks_api::DeleteResponse* response) {
  const auto remove = [&]() -> Result<task_api::DeleteResponse> {
    const auto shim = TRY(shim_of(*context, request->container_id()));
    if (request->exec_id().empty()) return invalid_argument("exec id cannot be empty");
    return shim->call<task_api::DeleteResponse>(
        call_of(*context), "Delete",
        process_request<task_api::DeleteRequest>(request->container_id(), request->exec_id()));
  };
  const auto deleted = remove();
  if (!deleted.ok()) return ipc::to_status(deleted.error());
  fill(*deleted, *response);
  response->set_id(request->exec_id());
  return grpc::Status::OK;
}

grpc::Status TasksService::Get(Context* context, const tasks_api::GetRequest* request,
                               tasks_api::GetResponse* response) {
  const auto shim = shim_of(*context, request->container_id());
  if (!shim.ok()) return ipc::to_status(shim.error());
  const auto state = (*shim)->call<task_api::StateResponse>(
      Call::within(kStateTime), "State",
      process_request<task_api::StateRequest>(request->container_id(), request->exec_id()));
  if (!state.ok()) return ipc::to_status(state.error());
  fill(*state, request->container_id(), *response->mutable_process());
  return grpc::Status::OK;
}

grpc::Status TasksService::List(Context* context, const tasks_api::ListTasksRequest* request,
                                tasks_api::ListTasksResponse* response) {
  const auto list = [&]() -> Result<void> {
    const Scope scope = TRY(scope_of(*context));
    const Filter filter = TRY(Filter::parse(request->filter()));
    for (const auto& state : tasks_.states(Call::within(kStateTime), scope.ns))
      if (filter.matches([&](auto path) { return field_of(scope.ns, state.id(), path); }))
        fill(state, state.id(), *response->add_tasks());
    return {};
  };
  return ipc::to_status(list());
}

grpc::Status TasksService::Kill(Context* context, const tasks_api::KillRequest* request, Empty*) {
  auto passed = process_request<task_api::KillRequest>(request->container_id(), request->exec_id());
  passed.set_signal(request->signal());
  passed.set_all(request->all());
  return pass(context, "Kill", std::move(passed));
}

grpc::Status TasksService::Exec(Context* context, const tasks_api::ExecProcessRequest* request, Empty*) {
  if (request->exec_id().empty()) return ipc::to_status(invalid_argument("exec id cannot be empty"));
  if (const auto valid = validate_identifier(request->exec_id()); !valid.ok())
    return ipc::to_status(Result<void>(valid).context("invalid exec id " + request->exec_id()).error());
  auto passed = process_request<task_api::ExecProcessRequest>(request->container_id(), request->exec_id());
  passed.set_stdin(request->stdin());
  passed.set_stdout(request->stdout());
  passed.set_stderr(request->stderr());
  passed.set_terminal(request->terminal());
  *passed.mutable_spec() = request->spec();
  return pass(context, "Exec", std::move(passed));
}

grpc::Status TasksService::ResizePty(Context* context, const tasks_api::ResizePtyRequest* request, Empty*) {
  auto passed = process_request<task_api::ResizePtyRequest>(request->container_id(), request->exec_id());
  passed.set_width(request->width());
  passed.set_height(request->height());
  return pass(context, "ResizePty", std::move(passed));
}

grpc::Status TasksService::CloseIO(Context* context, const tasks_api::CloseIORequest* request, Empty*) {
  auto passed = process_request<task_api::CloseIORequest>(request->container_id(), request->exec_id());
  passed.set_stdin(request->stdin());
  return pass(context, "CloseIO", std::move(passed));
}

grpc::Status TasksService::Pause(Context* context, const tasks_api::PauseTaskRequest* request, Empty*) {
  return pass(context, "Pause", container_request<task_api::PauseRequest>(request->container_id()));
}

grpc::Status TasksService::Resume(Context* context, const tasks_api::ResumeTaskRequest* request, Empty*) {
  return pass(context, "Resume", container_request<task_api::ResumeRequest>(request->container_id()));
}

grpc::Status TasksService::ListPids(Context* context, const tasks_api::ListPidsRequest* request,
                                    tasks_api::ListPidsResponse* response) {
  const auto shim = shim_of(*context, request->container_id());
  if (!shim.ok()) return ipc::to_status(shim.error());
  auto pids = (*shim)->call<task_api::PidsResponse>(call_of(*context), "Pids",
                                                    container_request<task_api::PidsRequest>(request->container_id()));
  if (!pids.ok()) return ipc::to_status(pids.error());
  *response->mutable_processes() = std::move(*pids->mutable_processes());
  return grpc::Status::OK;
}

grpc::Status TasksService::Checkpoint(Context* context, const tasks_api::CheckpointTaskRequest* request,
                                      tasks_api::CheckpointTaskResponse*) {
  const auto shim = shim_of(*context, request->container_id());
  if (!shim.ok()) return ipc::to_status(shim.error());
  return ipc::to_status(unimplemented("checkpoint is not supported"));
}

grpc::Status TasksService::Update(Context* context, const tasks_api::UpdateTaskRequest* request, Empty*) {
  auto passed = container_request<task_api::UpdateTaskRequest>(request->container_id());
  *passed.mutable_resources() = request->resources();
  *passed.mutable_annotations() = request->annotations();
  return pass(context, "Update", std::move(passed));
}

grpc::Status TasksService::Metrics(Context* context, const tasks_api::MetricsRequest* request,
                                   tasks_api::MetricsResponse* response) {
  const auto collect = [&]() -> Result<void> {
    const Scope scope = TRY(scope_of(*context));
    const Filters filters = TRY(filters_from(request->filters()));
    const Call limits = Call::within(kStateTime);
    for (const auto& shim : tasks_.list(scope.ns)) {
      if (!filters.matches([&](auto path) { return field_of(scope.ns, shim->bundle.id, path); })) continue;
      const auto stats = shim->call<task_api::StatsResponse>(
          limits, "Stats", container_request<task_api::StatsRequest>(shim->bundle.id));
      if (!stats.ok()) continue;  // it may have ended just now
      auto& metric = *response->add_metrics();
      metric.set_id(shim->bundle.id);
      to_proto(now(), *metric.mutable_timestamp());
      *metric.mutable_data() = stats->stats();
    }
    return {};
  };
  return ipc::to_status(collect());
}

grpc::ServerUnaryReactor* TasksService::Wait(grpc::CallbackServerContext* context,
                                             const tasks_api::WaitRequest* request, tasks_api::WaitResponse* response) {
  const auto shim = shim_of(*context, request->container_id());
  if (!shim.ok()) {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(ipc::to_status(shim.error()));
    return reactor;
  }
  return TaskWait::begin(*shim, request->exec_id(), *response);
}

}  // namespace hull::supervisor
