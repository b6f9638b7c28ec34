#pragma once

#include <map>
#include <memory>
#include <string>

#include "ipc/proto/shim/task.pb.h"
#include "ipc/ttrpc/typed.h"
#include "shim/container.h"
#include "shim/group_members.h"
#include "shim/sandbox_service.h"

namespace hull::shim {

namespace task_api = containerd::task::v2;

/// containerd.task.v2.Task (and v3, which has the same messages) over ttrpc: checks requests and turns them into calls
/// of Container.
class TaskService final : public SandboxedContainers {
 public:
  /// log_to: from now on to that bundle's log.
  /// on_shutdown: a client asked for the end, no container is left, and no pod keeps the shim.
  TaskService(Host host, std::function<void(const std::string& bundle)> log_to, std::function<bool()> pod_is_gone,
              std::function<void()> on_shutdown)
      : host_(std::move(host)),
        log_to_(std::move(log_to)),
        pod_is_gone_(std::move(pod_is_gone)),
        on_shutdown_(std::move(on_shutdown)),
        members_(host_.loop, [this] { end_if_wanted(); }) {}

  void register_with(ttrpc::Server& server);
  /// What `start` and `delete` of the group's containers say (group.h). first: whose `start` made this server.
  void register_group(ttrpc::Server& server, const std::string& first);
  /// Nobody will ask for that container, unless it is here already.
  void give_up(const std::string& id);
  bool idle() const override { return containers_.empty() && members_.empty(); }
  void end_all() override;
  bool may_end() const { return idle() && pod_is_gone_(); }
  void end();

 private:
  template <class T>
  using Reply = ttrpc::Reply<T>;
  using Empty = google::protobuf::Empty;

  void create(const task_api::CreateTaskRequest& request, Reply<task_api::CreateTaskResponse> reply);
  void start(const task_api::StartRequest& request, Reply<task_api::StartResponse> reply);
  void remove(const task_api::DeleteRequest& request, Reply<task_api::DeleteResponse> reply);
  void state(const task_api::StateRequest& request, Reply<task_api::StateResponse> reply);
  void pids(const task_api::PidsRequest& request, Reply<task_api::PidsResponse> reply);
  void pause(const task_api::PauseRequest& request, Reply<Empty> reply);
  void resume(const task_api::ResumeRequest& request, Reply<Empty> reply);
  void checkpoint(const task_api::CheckpointTaskRequest& request, Reply<Empty> reply);
  void kill(const task_api::KillRequest& request, Reply<Empty> reply);
  void exec(const task_api::ExecProcessRequest& request, Reply<Empty> reply);
  void resize(const task_api::ResizePtyRequest& request, Reply<Empty> reply);
  void close_io(const task_api::CloseIORequest& request, Reply<Empty> reply);
  void update(const task_api::UpdateTaskRequest& request, Reply<Empty> reply);
  void wait(const task_api::WaitRequest& request, Reply<task_api::WaitResponse> reply);
  void stats(const task_api::StatsRequest& request, Reply<task_api::StatsResponse> reply);
  void connect(const task_api::ConnectRequest& request, Reply<task_api::ConnectResponse> reply);
  void shutdown(const task_api::ShutdownRequest& request, Reply<Empty> reply);

  void join(const task_api::ConnectRequest& request, Reply<Empty> reply);
  void leave(const std::string& id);
  void end_if_wanted();
  void forget(const std::string& id);

  Result<std::shared_ptr<Container>> find(const std::string& id) const;
  Result<Process*> find_process(const std::string& id, const std::string& exec_id) const;
  Result<std::shared_ptr<Container>> prepare(const task_api::CreateTaskRequest& request);

  Host host_;
  std::function<void(const std::string&)> log_to_;
  std::function<bool()> pod_is_gone_;
  std::function<void()> on_shutdown_;
  std::map<std::string, std::shared_ptr<Container>> containers_;
  GroupMembers members_;
  bool end_wanted_ = false;  // a client asked for the end while others were expected
  bool ending_ = false;
};

}  // namespace hull::shim
