// How tasks end: deleted, never made, or with a shim that died.

#include <condition_variable>
#include <mutex>

#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"
#include "ipc/proto/shim/task_events.pb.h"
#include "linux/processes.h"
#include "linux/served_socket.h"
#include "supervisor/tasks/tasks.h"

namespace hull::supervisor {
namespace {

constexpr std::chrono::seconds kGoodbyeTime(5);
constexpr std::chrono::seconds kCleanUpTime(30);

Error no_such_task(const std::string& id) { return not_found("task " + id + " not found"); }

void set_now(google::protobuf::Timestamp& out) {
  const auto since = now().time_since_epoch();
  out.set_seconds(std::chrono::duration_cast<std::chrono::seconds>(since).count());
  out.set_nanos(static_cast<int32_t>((since % std::chrono::seconds(1)).count()));
}

template <class Request>
Request request_for(const Shim& shim) {
  Request request;
  request.set_id(shim.bundle.id);
  return request;
}

/// The shim's answer to Delete: its client's, or nobody's where that has left.
class Deletion {
 public:
  /// Whether nobody waits for it.
  bool deliver(const Result<task_api::DeleteResponse>& answer) {
    std::lock_guard lock(mutex_);
    answer_ = answer;
    wake_.notify_all();
    return left_;
  }
  /// The answer, or the client's end before it.
  Result<Result<task_api::DeleteResponse>> await(const Call& call) {
    std::unique_lock lock(mutex_);
    if (wake_.wait_until(lock, call.stop, call.deadline, [&] { return answer_.has_value(); })) return *answer_;
    left_ = true;
    if (call.stop.stop_requested()) return cancelled("context canceled");
    return Error(Code::kDeadlineExceeded, "context deadline exceeded");
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::optional<Result<task_api::DeleteResponse>> answer_;
  bool left_ = false;
};

}  // namespace

/// Once the shim is asked, the container goes, whoever waits for it: a client that leaves in the middle must not leave
/// a shim without a container, which would be nobody's to end.
Result<task_api::DeleteResponse> Tasks::remove(const Call& call, const std::string& ns, const std::string& id) {
  const auto shim = TRY(find(ns, id));
  const auto deletion = std::make_shared<Deletion>();
  shim->start<task_api::DeleteResponse>("Delete", request_for<task_api::DeleteRequest>(*shim),
                                        [this, shim, deletion](Result<task_api::DeleteResponse> answer) {
                                          if (!deletion->deliver(answer)) return;
                                          cleaners_.submit([this, shim, answer = std::move(answer)]() mutable {
                                            (void)end_deleted({}, shim, std::move(answer)).ok();
                                          });
                                        });
  return end_deleted(call, shim, TRY(deletion->await(call)));
}

/// What follows the shim's answer.
Result<task_api::DeleteResponse> Tasks::end_deleted(const Call& call, const std::shared_ptr<Shim>& shim,
                                                    Result<task_api::DeleteResponse> deleted) {
  // The shim has died, and with it the container: once all is cleared that is what was asked for.
  if (deleted.is(Code::kUnavailable) && !shim->connected()) {
    shim_died(shim);
    return shim->await_removal(call);
  }
  // A shim that knows no such container has lost it: only the rest is left to do.
  if (!deleted.ok() && !deleted.is(Code::kNotFound)) return deleted;
  const std::string& id = shim->bundle.id;
  if (!shim->begin_removal()) return no_such_task(id);
  const auto ended =
      shim->given() ? google::protobuf::Empty()
                    : shim->call<google::protobuf::Empty>(Call::within(kGoodbyeTime, stop_.get_token()), "Shutdown",
                                                          request_for<task_api::ShutdownRequest>(*shim));
  shim->close();
  if (!ended.ok() && !ended.is(Code::kUnavailable)) {
    logging::warn("shut down shim", {{"id", id}, {"error", ended.error().message()}});
    clean_up_after(*shim);
  }
  remove_traces(*shim);
  forget(*shim);
  if (deleted.ok()) shim->removed(*deleted);
  return deleted;
}

/// A task that could not be made: ends its shim, however far it got.
void Tasks::abandon(const std::shared_ptr<Shim>& shim) {
  if (!shim->begin_removal()) return;
  const bool gone = end_gently(*shim);
  shim->close();
  if (!gone) clean_up_after(*shim);
  remove_traces(*shim);
}

/// Whether the shim has cleared what it made, and ended. The order is containerd's own, which foreign shims know.
bool Tasks::end_gently(Shim& shim) {
  if (!shim.connected()) return false;
  const auto limits = Call::within(kGoodbyeTime, stop_.get_token());
  const auto deleted =
      shim.call<task_api::DeleteResponse>(limits, "Delete", request_for<task_api::DeleteRequest>(shim));
  if (!deleted.ok() && !deleted.is(Code::kNotFound)) return false;
  if (shim.given()) return true;
  (void)shim.call<google::protobuf::Empty>(limits, "Shutdown", request_for<task_api::ShutdownRequest>(shim)).ok();
  return shim.shared() || shim.await_end(limits);
}

void Tasks::shim_died(const std::shared_ptr<Shim>& shim) {
  // One whose task is still being made is its create()'s to end.
  const bool made = entries_.with([&](auto& entries) {
    const auto found = entries.find(Key{shim->bundle.ns, shim->bundle.id});
    return found != entries.end() && found->second.shim == shim;
  });
  if (!made || !shim->begin_removal()) return;
  logging::warn("shim disconnected", {{"id", shim->bundle.id}, {"namespace", shim->bundle.ns}});
  shim->close();
  auto end = clean_up_after(*shim);
  remove_traces(*shim);
  const auto entry = forget(*shim);
  const bool exit_is_known = entry && entry->exit;
  if (exit_is_known) end = *entry->exit;
  publish_end(*shim, end, exit_is_known);
  shim->removed(end);
}

task_api::DeleteResponse Tasks::clean_up_after(const Shim& shim) {
  const Bundle& bundle = shim.bundle;
  // A shim that hangs, or a runtime that goes on without its shim and makes a container after we have looked for one.
  if (auto killed = linux::kill_processes_in(bundle.path, bundle.id, kCleanUpTime); !killed.ok())
    logging::warn("end the shim's processes", {{"id", bundle.id}, {"error", killed.error().message()}});
  auto deleted = delete_after_shim(Call::within(kCleanUpTime, stop_.get_token()), shim.binary, bundle, config_.shims);
  if (deleted.ok()) return std::move(*deleted);
  logging::warn("clean up after shim", {{"id", bundle.id}, {"error", deleted.error().message()}});
  task_api::DeleteResponse unknown;
  unknown.set_exit_status(255);
  set_now(*unknown.mutable_exited_at());
  return unknown;
}

void Tasks::remove_traces(const Shim& shim) {
  // Its own work, but for one that was killed in the middle of it. Other containers' shim goes on.
  if (exists(shim.socket())) (void)linux::remove_unserved(shim.socket()).ok();
  if (auto removed = remove_bundle(shim.bundle); !removed.ok())
    logging::warn("remove bundle", {{"id", shim.bundle.id}, {"error", removed.error().message()}});
}

void Tasks::publish_end(const Shim& shim, const task_api::DeleteResponse& end, bool exit_is_known) {
  const auto publish = [&](const char* topic, const google::protobuf::Message& event) {
    (void)exchange_.publish(shim.bundle.ns, topic, std::string(event.GetTypeName()), event.SerializeAsString()).ok();
  };
  if (!exit_is_known) {
    containerd::events::TaskExit exit;
    exit.set_container_id(shim.bundle.id);
    exit.set_id(shim.bundle.id);
    exit.set_pid(end.pid());
    exit.set_exit_status(end.exit_status());
    *exit.mutable_exited_at() = end.exited_at();
    publish("/tasks/exit", exit);
  }
  containerd::events::TaskDelete deleted;
  deleted.set_container_id(shim.bundle.id);
  deleted.set_pid(end.pid());
  deleted.set_exit_status(end.exit_status());
  *deleted.mutable_exited_at() = end.exited_at();
  publish("/tasks/delete", deleted);
}

}  // namespace hull::supervisor
