#include "supervisor/services/tasks_service.h"

#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "base/rollback.h"
#include "ipc/proto/shim/runc_options.pb.h"
#include "supervisor/diff/folder_blobs.h"
#include "supervisor/services/convert.h"
#include "supervisor/services/task_wait.h"
#include "supervisor/tasks/ask_all.h"

namespace hull::supervisor {
namespace {

constexpr std::chrono::seconds kStateTime(2);

constexpr const char* kCheckpointImages = "application/vnd.containerd.container.criu.checkpoint.criu.tar";
constexpr const char* kCheckpointSpec = "application/vnd.containerd.container.checkpoint.config.v1+proto";

/// Where the runtime options want the images; mostly empty.
Result<std::string> image_path_of(const google::protobuf::Any& options) {
  if (!options.type_url().ends_with("containerd.runc.v1.CheckpointOptions")) return std::string();
  containerd::runc::v1::CheckpointOptions given;
  if (!given.ParseFromString(options.value())) return invalid_argument("options: malformed " + options.type_url());
  return given.image_path();
}

/// Whose images the task's options want it to be restored from; mostly empty.
Result<std::string> restore_path_of(const google::protobuf::Any& options) {
  if (!options.type_url().ends_with("containerd.runc.v1.Options")) return std::string();
  containerd::runc::v1::Options given;
  if (!given.ParseFromString(options.value())) return invalid_argument("options: malformed " + options.type_url());
  if (!given.criu_image_path().empty() && !given.criu_image_path().starts_with("/"))
    return invalid_argument("criu_image_path \"" + given.criu_image_path() + "\": expected an absolute path");
  return given.criu_image_path();
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

Result<std::shared_ptr<Shim>> TasksService::shim_of(const Context& context, const std::string& id) const {
  return tasks_.find(TRY(scope_of(context)).ns, id);
}

template <class Out, class In>
TasksService::Reactor* TasksService::pass(Context& context, const char* method, const In& request,
                                          std::function<void(const Out&)> fill) const {
  auto shim = shim_of(context, request.id());
  if (!shim.ok()) return refuse(context, shim.error());
  return PassedCall<Out>::begin(std::move(*shim), method, request, std::move(fill));
}

template <class In>
TasksService::Reactor* TasksService::pass(Context& context, const char* method, const In& request) const {
  return pass<Empty>(context, method, request, [](const Empty&) {});
}

TasksService::Reactor* TasksService::work(const Context& context, WorkedCall::Work work) {
  return WorkedCall::begin(workers_, context.deadline(), std::move(work));
}

TasksService::Reactor* TasksService::Create(Context* context, const tasks_api::CreateTaskRequest* request,
                                            tasks_api::CreateTaskResponse* response) {
  return work(*context, [=, this](const Call& call) -> Result<void> {
    const Scope scope = TRY(scope_of(*context));
    TRY(validate_identifier(request->container_id()));
    NewTask task{.ns = scope.ns, .id = request->container_id(), .request = {}, .runtime = request->runtime_path()};
    // Before the client's own images, as with containerd.
    task.request.set_checkpoint(TRY(restore_path_of(request->options())));
    if (request->has_checkpoint() && task.request.checkpoint().empty()) {
      if (request->checkpoint().media_type() != kCheckpointImages)
        return invalid_argument("unsupported checkpoint type \"" + request->checkpoint().media_type() + "\"");
      const auto images = TRY(digest_from(request->checkpoint().digest()));
      task.fill_checkpoint = [=, this](const std::string& folder) {
        return unpack_folder(content_, scope, images, folder);
      };
    }
    *task.request.mutable_rootfs() = request->rootfs();
    task.request.set_stdin(request->stdin());
    task.request.set_stdout(request->stdout());
    task.request.set_stderr(request->stderr());
    task.request.set_terminal(request->terminal());
    if (request->has_options()) *task.request.mutable_options() = request->options();
    response->set_pid(TRY(tasks_.create(call, std::move(task))));
    response->set_container_id(request->container_id());
    return {};
  });
}

TasksService::Reactor* TasksService::Start(Context* context, const tasks_api::StartRequest* request,
                                           tasks_api::StartResponse* response) {
  return pass<task_api::StartResponse>(
      *context, "Start", process_request<task_api::StartRequest>(request->container_id(), request->exec_id()),
      [response](const task_api::StartResponse& started) { response->set_pid(started.pid()); });
}

TasksService::Reactor* TasksService::Delete(Context* context, const tasks_api::DeleteTaskRequest* request,
                                            tasks_api::DeleteResponse* response) {
  return work(*context, [=, this](const Call& call) -> Result<void> {
    fill(TRY(tasks_.remove(call, TRY(scope_of(*context)).ns, request->container_id())), *response);
    response->set_id(request->container_id());
    return {};
  });
}

TasksService::Reactor* TasksService::DeleteProcess(Context* context, const tasks_api::DeleteProcessRequest* request,
                                                   tasks_api::DeleteResponse* response) {
  if (const auto shim = shim_of(*context, request->container_id()); !shim.ok()) return refuse(*context, shim.error());
  if (request->exec_id().empty()) return refuse(*context, invalid_argument("exec id cannot be empty"));
  return pass<task_api::DeleteResponse>(
      *context, "Delete", process_request<task_api::DeleteRequest>(request->container_id(), request->exec_id()),
      [request, response](const task_api::DeleteResponse& deleted) {
        fill(deleted, *response);
        response->set_id(request->exec_id());
      });
}

TasksService::Reactor* TasksService::Get(Context* context, const tasks_api::GetRequest* request,
                                         tasks_api::GetResponse* response) {
  return work(*context, [=, this](const Call& call) -> Result<void> {
    const auto shim = TRY(shim_of(*context, request->container_id()));
    const auto state = TRY(shim->call<task_api::StateResponse>(
        Call::within(kStateTime, call.stop), "State",
        process_request<task_api::StateRequest>(request->container_id(), request->exec_id())));
    fill(state, request->container_id(), *response->mutable_process());
    return {};
  });
}

TasksService::Reactor* TasksService::List(Context* context, const tasks_api::ListTasksRequest* request,
                                          tasks_api::ListTasksResponse* response) {
  return work(*context, [=, this](const Call& call) -> Result<void> {
    const Scope scope = TRY(scope_of(*context));
    const Filter filter = TRY(Filter::parse(request->filter()));
    for (const auto& state : tasks_.states(Call::within(kStateTime, call.stop), scope.ns))
      if (filter.matches([&](auto path) { return field_of(scope.ns, state.id(), path); }))
        fill(state, state.id(), *response->add_tasks());
    return {};
  });
}

TasksService::Reactor* TasksService::Kill(Context* context, const tasks_api::KillRequest* request, Empty*) {
  auto passed = process_request<task_api::KillRequest>(request->container_id(), request->exec_id());
  passed.set_signal(request->signal());
  passed.set_all(request->all());
  return pass(*context, "Kill", passed);
}

TasksService::Reactor* TasksService::Exec(Context* context, const tasks_api::ExecProcessRequest* request, Empty*) {
  if (request->exec_id().empty()) return refuse(*context, invalid_argument("exec id cannot be empty"));
  if (const auto valid = validate_identifier(request->exec_id()); !valid.ok())
    return refuse(*context, Error(valid.error()).context("invalid exec id " + request->exec_id()));
  auto passed = process_request<task_api::ExecProcessRequest>(request->container_id(), request->exec_id());
  passed.set_stdin(request->stdin());
  passed.set_stdout(request->stdout());
  passed.set_stderr(request->stderr());
  passed.set_terminal(request->terminal());
  *passed.mutable_spec() = request->spec();
  return pass(*context, "Exec", passed);
}

TasksService::Reactor* TasksService::ResizePty(Context* context, const tasks_api::ResizePtyRequest* request, Empty*) {
  auto passed = process_request<task_api::ResizePtyRequest>(request->container_id(), request->exec_id());
  passed.set_width(request->width());
  passed.set_height(request->height());
  return pass(*context, "ResizePty", passed);
}

TasksService::Reactor* TasksService::CloseIO(Context* context, const tasks_api::CloseIORequest* request, Empty*) {
  auto passed = process_request<task_api::CloseIORequest>(request->container_id(), request->exec_id());
  passed.set_stdin(request->stdin());
  return pass(*context, "CloseIO", passed);
}

TasksService::Reactor* TasksService::Pause(Context* context, const tasks_api::PauseTaskRequest* request, Empty*) {
  return pass(*context, "Pause", container_request<task_api::PauseRequest>(request->container_id()));
}

TasksService::Reactor* TasksService::Resume(Context* context, const tasks_api::ResumeTaskRequest* request, Empty*) {
  return pass(*context, "Resume", container_request<task_api::ResumeRequest>(request->container_id()));
}

TasksService::Reactor* TasksService::ListPids(Context* context, const tasks_api::ListPidsRequest* request,
                                              tasks_api::ListPidsResponse* response) {
  return pass<task_api::PidsResponse>(
      *context, "Pids", container_request<task_api::PidsRequest>(request->container_id()),
      [response](const task_api::PidsResponse& pids) { *response->mutable_processes() = pids.processes(); });
}

TasksService::Reactor* TasksService::Checkpoint(Context* context, const tasks_api::CheckpointTaskRequest* request,
                                                tasks_api::CheckpointTaskResponse* response) {
  return work(*context, [=, this](const Call& call) -> Result<void> {
    return checkpoint(call, TRY(scope_of(*context)), *request, *response);
  });
}

Result<void> TasksService::checkpoint(const Call& call, const Scope& scope,
                                      const tasks_api::CheckpointTaskRequest& request,
                                      tasks_api::CheckpointTaskResponse& response) {
  const auto shim = TRY(tasks_.find(scope.ns, request.container_id()));
  const auto record = TRY(containers_.get(scope, request.container_id()));
  auto passed = container_request<task_api::CheckpointTaskRequest>(request.container_id());
  *passed.mutable_options() = request.options();
  const std::string own_place = TRY(image_path_of(request.options()));
  if (!own_place.empty()) {
    // The client wants the images there, and nowhere else.
    passed.set_path(own_place);
    TRY(shim->call<Empty>(call, "Checkpoint", passed));
    return {};
  }
  const std::string folder = scratch_ + "/checkpoint-" + random_hex(12);
  TRY(make_directories(folder, 0700));
  const Defer remove([&] { (void)remove_tree(folder).ok(); });
  passed.set_path(folder);
  TRY(shim->call<Empty>(call, "Checkpoint", passed));
  google::protobuf::Any spec;
  to_proto(record.spec, spec);
  to_proto(TRY(store_folder(content_, scope, folder, kCheckpointImages)), *response.add_descriptors());
  to_proto(TRY(store_bytes(content_, scope, spec.SerializeAsString(), kCheckpointSpec)), *response.add_descriptors());
  return {};
}

TasksService::Reactor* TasksService::Update(Context* context, const tasks_api::UpdateTaskRequest* request, Empty*) {
  auto passed = container_request<task_api::UpdateTaskRequest>(request->container_id());
  *passed.mutable_resources() = request->resources();
  *passed.mutable_annotations() = request->annotations();
  return pass(*context, "Update", passed);
}

TasksService::Reactor* TasksService::Metrics(Context* context, const tasks_api::MetricsRequest* request,
                                             tasks_api::MetricsResponse* response) {
  return work(*context, [=, this](const Call& call) -> Result<void> {
    const Scope scope = TRY(scope_of(*context));
    const Filters filters = TRY(filters_from(request->filters()));
    auto shims = tasks_.list(scope.ns);
    std::erase_if(shims, [&](const auto& shim) {
      return !filters.matches([&](auto path) { return field_of(scope.ns, shim->bundle.id, path); });
    });
    const auto answers = ask_all<task_api::StatsResponse>(Call::within(kStateTime, call.stop), shims, "Stats",
                                                          container_request<task_api::StatsRequest>);
    for (size_t i = 0; i < shims.size(); ++i) {
      if (!answers[i]) continue;  // it may have ended just now
      auto& metric = *response->add_metrics();
      metric.set_id(shims[i]->bundle.id);
      to_proto(now(), *metric.mutable_timestamp());
      *metric.mutable_data() = answers[i]->stats();
    }
    return {};
  });
}

TasksService::Reactor* TasksService::Wait(Context* context, const tasks_api::WaitRequest* request,
                                          tasks_api::WaitResponse* response) {
  auto shim = shim_of(*context, request->container_id());
  if (!shim.ok()) return refuse(*context, shim.error());
  return TaskWait::begin(std::move(*shim), request->exec_id(), *response);
}

}  // namespace hull::supervisor
