#include "shim/task_service.h"

#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "ipc/proto/shim/runc_options.pb.h"
#include "shim/arguments.h"
#include "shim/create_options.h"
#include "shim/group.h"
#include "shim/proto_time.h"
#include "shim/stats_versions.h"

namespace hull::shim {
namespace {

using containerd::v1::types::Status;

Status status_of(const Container& container, const Process& process) {
  switch (process.state()) {
    case ProcessState::kCreating: return Status::UNKNOWN;
    case ProcessState::kCreated:
    case ProcessState::kStarting: return Status::CREATED;
    case ProcessState::kRunning: return container.paused() ? Status::PAUSED : Status::RUNNING;
    case ProcessState::kStopped: return Status::STOPPED;
  }
  return Status::UNKNOWN;
}

/// Fills pid, exit_status and exited_at of the messages that have them.
template <class Message>
void fill_exit(const Process& process, Message& message) {
  message.set_exit_status(static_cast<uint32_t>(process.exit_code()));
  if (process.exited_at()) to_proto(*process.exited_at(), *message.mutable_exited_at());
}

Container::Done<void> done_of(ttrpc::Reply<google::protobuf::Empty> reply) {
  return [reply = std::move(reply)](const Result<void>& result) {
    if (!result.ok()) return reply(result.error());
    reply(google::protobuf::Empty());
  };
}

}  // namespace

void TaskService::register_with(ttrpc::Server& server) {
  for (const char* service : {"containerd.task.v2.Task", "containerd.task.v3.Task"}) {
    const auto add = [&]<class In, class Out>(const char* name, void (TaskService::*method)(const In&, Reply<Out>)) {
      ttrpc::serve<In, Out>(server, service, name, [this, method](const In& request, Reply<Out> reply) {
        (this->*method)(request, std::move(reply));
      });
    };
    add("State", &TaskService::state);
    add("Create", &TaskService::create);
    add("Start", &TaskService::start);
    add("Delete", &TaskService::remove);
    add("Pids", &TaskService::pids);
    add("Pause", &TaskService::pause);
    add("Resume", &TaskService::resume);
    add("Checkpoint", &TaskService::checkpoint);
    add("Kill", &TaskService::kill);
    add("Exec", &TaskService::exec);
    add("ResizePty", &TaskService::resize);
    add("CloseIO", &TaskService::close_io);
    add("Update", &TaskService::update);
    add("Wait", &TaskService::wait);
    add("Stats", &TaskService::stats);
    add("Connect", &TaskService::connect);
    add("Shutdown", &TaskService::shutdown);
  }
}

void TaskService::end_all() {
  for (const auto& [id, container] : containers_)
    container->kill("", SIGKILL, Container::Scope::kAll, [id = id](const Result<void>& killed) {
      if (!killed.ok() && !killed.is(Code::kNotFound))
        logging::warn("end a sandbox's container", {{"id", id}, {"error", killed.error().message()}});
    });
}

Result<std::shared_ptr<Container>> TaskService::find(const std::string& id) const {
  const auto found = containers_.find(id);
  if (found == containers_.end()) return not_found("container not created: not found");
  return found->second;
}

Result<Process*> TaskService::find_process(const std::string& id, const std::string& exec_id) const {
  return TRY(find(id))->find(exec_id);
}

Result<std::shared_ptr<Container>> TaskService::prepare(const task_api::CreateTaskRequest& request) {
  TRY(check_identifier("id", request.id()));
  if (!request.bundle().starts_with("/"))
    return invalid_argument("bundle \"" + request.bundle() + "\": expected an absolute path");
  if (containers_.contains(request.id()))
    return Error(Code::kAlreadyExists, "container " + request.id() + ": already exists");
  auto settings = TRY(parse_options(request, host_.container_namespace));
  TRY(save_runtime(request.bundle(), settings.runtime));
  log_to_(request.bundle());
  end_wanted_ = false;
  auto container = std::make_shared<Container>(host_, request.id(), request.bundle(), std::move(settings));
  containers_[request.id()] = container;
  return container;
}

void TaskService::create(const task_api::CreateTaskRequest& request, Reply<task_api::CreateTaskResponse> reply) {
  const auto container = prepare(request);
  members_.settle(request.id());
  if (!container.ok()) return reply(container.error());
  std::vector<MountRequest> rootfs;
  for (const auto& mount : request.rootfs())
    rootfs.push_back({mount.type(), mount.source(), mount.target(), {mount.options().begin(), mount.options().end()}});
  const StdioPaths paths{request.stdin(), request.stdout(), request.stderr(), request.terminal()};
  (*container)
      ->create(paths, std::move(rootfs), request.checkpoint(),
               [this, id = request.id(), reply = std::move(reply)](const Result<pid_t>& pid) {
                 if (!pid.ok()) {
                   forget(id);
                   return reply(pid.error());
                 }
                 task_api::CreateTaskResponse response;
                 response.set_pid(static_cast<uint32_t>(*pid));
                 reply(response);
               });
}

void TaskService::start(const task_api::StartRequest& request, Reply<task_api::StartResponse> reply) {
  const auto container = find(request.id());
  if (!container.ok()) return reply(container.error());
  (*container)->start(request.exec_id(), [reply = std::move(reply)](const Result<pid_t>& pid) {
    if (!pid.ok()) return reply(pid.error());
    task_api::StartResponse response;
    response.set_pid(static_cast<uint32_t>(*pid));
    reply(response);
  });
}

void TaskService::remove(const task_api::DeleteRequest& request, Reply<task_api::DeleteResponse> reply) {
  const auto container = find(request.id());
  if (!container.ok()) return reply(container.error());
  (*container)
      ->remove(request.exec_id(), [this, id = request.id(), whole = request.exec_id().empty(),
                                   reply = std::move(reply)](const Result<std::shared_ptr<Process>>& process) {
        if (!process.ok()) return reply(process.error());
        if (whole) forget(id);
        task_api::DeleteResponse response;
        response.set_pid(static_cast<uint32_t>((*process)->pid));
        fill_exit(**process, response);
        reply(response);
      });
}

void TaskService::state(const task_api::StateRequest& request, Reply<task_api::StateResponse> reply) {
  const auto container = find(request.id());
  if (!container.ok()) return reply(container.error());
  const auto found = (*container)->find(request.exec_id());
  if (!found.ok()) return reply(found.error());
  const Process& process = **found;
  task_api::StateResponse response;
  response.set_id(request.exec_id().empty() ? request.id() : request.exec_id());
  response.set_exec_id(request.exec_id());
  response.set_bundle((*container)->bundle());
  response.set_pid(static_cast<uint32_t>(process.pid));
  response.set_status(status_of(**container, process));
  response.set_stdin(process.stdio_paths.in);
  response.set_stdout(process.stdio_paths.out);
  response.set_stderr(process.stdio_paths.err);
  response.set_terminal(process.stdio_paths.terminal);
  fill_exit(process, response);
  reply(response);
}

void TaskService::pids(const task_api::PidsRequest& request, Reply<task_api::PidsResponse> reply) {
  const auto collect = [&]() -> Result<task_api::PidsResponse> {
    const auto container = TRY(find(request.id()));
    const Cgroup cgroup = TRY(container->cgroup());
    task_api::PidsResponse response;
    // A container that has ended may have no cgroup any more.
    for (const pid_t pid : cgroup.processes().value_or({})) {
      auto& info = *response.add_processes();
      info.set_pid(static_cast<uint32_t>(pid));
      for (const auto& [exec_id, process] : container->execs()) {
        if (process->pid != pid) continue;
        containerd::runc::v1::ProcessDetails details;
        details.set_exec_id(exec_id);
        info.mutable_info()->set_type_url(details.GetTypeName());
        info.mutable_info()->set_value(details.SerializeAsString());
      }
    }
    return response;
  };
  reply(collect());
}

void TaskService::pause(const task_api::PauseRequest& request, Reply<Empty> reply) {
  const auto container = find(request.id());
  if (!container.ok()) return reply(container.error());
  (*container)->pause(done_of(std::move(reply)));
}

void TaskService::resume(const task_api::ResumeRequest& request, Reply<Empty> reply) {
  const auto container = find(request.id());
  if (!container.ok()) return reply(container.error());
  (*container)->resume(done_of(std::move(reply)));
}

void TaskService::checkpoint(const task_api::CheckpointTaskRequest& request, Reply<Empty> reply) {
  const auto container = find(request.id());
  if (!container.ok()) return reply(container.error());
  const auto settings = parse_checkpoint_options(request);
  if (!settings.ok()) return reply(settings.error());
  (*container)->checkpoint(*settings, done_of(std::move(reply)));
}

void TaskService::kill(const task_api::KillRequest& request, Reply<Empty> reply) {
  const auto container = find(request.id());
  if (!container.ok()) return reply(container.error());
  if (request.signal() > static_cast<uint32_t>(SIGRTMAX))
    return reply(invalid_argument("signal " + std::to_string(request.signal()) + " does not exist"));
  (*container)
      ->kill(request.exec_id(), static_cast<int>(request.signal()),
             request.all() ? Container::Scope::kAll : Container::Scope::kProcess, done_of(std::move(reply)));
}

void TaskService::exec(const task_api::ExecProcessRequest& request, Reply<Empty> reply) {
  const auto container = find(request.id());
  if (!container.ok()) return reply(container.error());
  done_of(std::move(reply))((*container)
                                ->add_exec(request.exec_id(),
                                           {request.stdin(), request.stdout(), request.stderr(), request.terminal()},
                                           request.spec().value()));
}

void TaskService::resize(const task_api::ResizePtyRequest& request, Reply<Empty> reply) {
  const auto process = find_process(request.id(), request.exec_id());
  if (!process.ok()) return reply(process.error());
  const Terminal* terminal = (*process)->terminal();
  done_of(std::move(reply))(terminal ? (*process)->terminal()->resize(request.width(), request.height())
                                     : Result<void>());
}

void TaskService::close_io(const task_api::CloseIORequest& request, Reply<Empty> reply) {
  const auto process = find_process(request.id(), request.exec_id());
  if (!process.ok()) return reply(process.error());
  if (request.stdin()) (*process)->close_stdin();
  reply(Empty());
}

void TaskService::update(const task_api::UpdateTaskRequest& request, Reply<Empty> reply) {
  const auto container = find(request.id());
  if (!container.ok()) return reply(container.error());
  (*container)->update(request.resources().value(), done_of(std::move(reply)));
}

void TaskService::wait(const task_api::WaitRequest& request, Reply<task_api::WaitResponse> reply) {
  const auto process = find_process(request.id(), request.exec_id());
  if (!process.ok()) return reply(process.error());
  (*process)->wait({.notify =
                        [reply](const Process& ended) {
                          task_api::WaitResponse response;
                          fill_exit(ended, response);
                          reply(response);
                        },
                    .awaited = [reply] { return reply.awaited(); }});
}

void TaskService::stats(const task_api::StatsRequest& request, Reply<task_api::StatsResponse> reply) {
  const auto collect = [&]() -> Result<task_api::StatsResponse> {
    const Cgroup cgroup = TRY(TRY(find(request.id()))->cgroup());
    task_api::StatsResponse response;
    std::string type;
    response.mutable_stats()->set_value(cgroup.unified() ? stats_v2(cgroup, type) : stats_v1(cgroup, type));
    response.mutable_stats()->set_type_url(type);
    return response;
  };
  reply(collect());
}

void TaskService::connect(const task_api::ConnectRequest& request, Reply<task_api::ConnectResponse> reply) {
  task_api::ConnectResponse response;
  response.set_shim_pid(static_cast<uint32_t>(::getpid()));
  if (const auto container = find(request.id()); container.ok())
    response.set_task_pid(static_cast<uint32_t>((*container)->init().pid));
  reply(response);
}

void TaskService::shutdown(const task_api::ShutdownRequest& request, Reply<Empty> reply) {
  members_.settle(request.id());
  end_wanted_ = containers_.empty();
  // Before the answer, after which our socket is gone.
  end_if_wanted();
  reply(Empty());
}

void TaskService::end_if_wanted() {
  if (end_wanted_ && may_end()) end();
}

void TaskService::end() {
  if (!std::exchange(ending_, true)) on_shutdown_();
}

void TaskService::forget(const std::string& id) {
  containers_.erase(id);
  // The bundle that we log to may be about to go.
  if (!containers_.empty()) log_to_(containers_.begin()->second->bundle());
}

void TaskService::register_group(ttrpc::Server& server, const std::string& first) {
  members_.expect(first);
  ttrpc::serve<task_api::ConnectRequest, Empty>(
      server, kGroupService, kJoin,
      [this](const task_api::ConnectRequest& request, Reply<Empty> reply) { join(request, std::move(reply)); });
  ttrpc::serve<task_api::ConnectRequest, Empty>(server, kGroupService, kLeave,
                                                [this](const task_api::ConnectRequest& request, Reply<Empty> reply) {
                                                  leave(request.id());
                                                  reply(Empty());
                                                });
}

void TaskService::join(const task_api::ConnectRequest& request, Reply<Empty> reply) {
  if (ending_) return reply(unavailable("the shim is about to end"));
  if (auto valid = check_identifier("id", request.id()); !valid.ok()) return reply(std::move(valid).error());
  members_.expect(request.id());
  reply(Empty());
}

void TaskService::give_up(const std::string& id) {
  members_.settle(id);
  if (may_end()) end();
}

/// It has gone without our doing.
void TaskService::leave(const std::string& id) {
  members_.settle(id);
  forget(id);
  end_wanted_ = containers_.empty();
  end_if_wanted();
}

}  // namespace hull::shim
