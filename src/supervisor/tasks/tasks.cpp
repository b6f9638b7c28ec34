#include "supervisor/tasks/tasks.h"

#include <condition_variable>
#include <mutex>

#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "ipc/proto/shim/task_events.pb.h"
#include "supervisor/tasks/runtime_path.h"

namespace hull::supervisor {
namespace {

constexpr std::chrono::seconds kLoadTime(5);
constexpr std::chrono::seconds kCleanUpTime(30);
constexpr const char* kBinaryFile = "shim-binary-path";

Error no_such_task(const std::string& id) { return not_found("task " + id + ": not found"); }

task_api::StateRequest state_request(const std::string& id) {
  task_api::StateRequest request;
  request.set_id(id);
  return request;
}

void set_now(google::protobuf::Timestamp& out) {
  const auto since = now().time_since_epoch();
  out.set_seconds(std::chrono::duration_cast<std::chrono::seconds>(since).count());
  out.set_nanos(static_cast<int32_t>((since % std::chrono::seconds(1)).count()));
}

}  // namespace

Tasks::Tasks(TasksConfig config, EventLoop& loop, Exchange& exchange, ContainerSource& containers)
    : config_(std::move(config)), loop_(loop), exchange_(exchange), containers_(containers) {
  exchange_.set_observer([this](const Envelope& envelope) { observe(envelope); });
}

Tasks::~Tasks() {
  const auto all = entries_.with([](auto& entries) { return std::exchange(entries, {}); });
  for (const auto& [key, entry] : all)
    if (entry.shim) entry.shim->close();
}

Result<uint32_t> Tasks::create(const Call& call, NewTask task) {
  const TaskSource source = TRY(containers_.task_source(task.ns, task.id));
  const Key key{task.ns, task.id};
  if (!entries_.with([&](auto& entries) { return entries.try_emplace(key).second; }))
    return Error(Code::kAlreadyExists, "task " + task.id + ": already exists");
  auto pid = create_reserved(call, task, source);
  if (!pid.ok()) entries_.with([&](auto& entries) { entries.erase(key); });
  return pid;
}

Result<uint32_t> Tasks::create_reserved(const Call& call, NewTask& task, const TaskSource& source) {
  const std::string runtime = task.runtime.empty() ? source.runtime : task.runtime;
  const std::string binary = TRY(find_shim(runtime));
  if (task.request.options().type_url().empty() && !source.options_type.empty()) {
    task.request.mutable_options()->set_type_url(source.options_type);
    task.request.mutable_options()->set_value(source.options);
  }
  auto bundle = TRY(create_bundle(config_.places, task.ns, task.id, source.spec).context("create bundle"));
  const auto shim = std::make_shared<Shim>(std::move(bundle), binary);
  const std::string options = task.request.has_options() ? task.request.options().SerializeAsString() : "";
  auto made = [&]() -> Result<uint32_t> {
    TRY(launch(call, shim, options));
    task.request.set_id(task.id);
    task.request.set_bundle(shim->bundle.path);
    // The words that docker's users know.
    return TRY(shim->call<task_api::CreateTaskResponse>(call, "Create", task.request)
                   .context("failed to create shim task"))
        .pid();
  }();
  if (!made.ok()) {
    abandon(shim);
    return made;
  }
  entries_.with([&](auto& entries) { entries[Key{task.ns, task.id}].shim = shim; });
  return made;
}

Result<void> Tasks::launch(const Call& call, const std::shared_ptr<Shim>& shim, const std::string& options) {
  // What a restarted supervisor needs should the shim be dead by then.
  TRY(replace_file(shim->bundle.file(kBinaryFile), shim->binary, 0600, Durable::kNo));
  TRY(shim->open_log(loop_));
  const std::string socket = TRY(start_shim(call, shim->binary, shim->bundle, config_.shims, options));
  // Stock shims write it themselves, too; those that answer with parameters may not.
  TRY(replace_file(shim->bundle.file("address"), "unix://" + socket, 0600, Durable::kNo));
  return connect(shim, socket);
}

Result<void> Tasks::connect(const std::shared_ptr<Shim>& shim, const std::string& socket) {
  return shim->connect(loop_, socket, [this, weak = std::weak_ptr(shim)] {
    // A pool's thread: the loop serves every other shim meanwhile.
    if (auto dead = weak.lock()) cleaners_.submit([this, dead = std::move(dead)] { shim_died(dead); });
  });
}

/// A task that could not be made: ends its shim, however far it got.
void Tasks::abandon(const std::shared_ptr<Shim>& shim) {
  if (!shim->begin_removal()) return;
  const auto limits = Call::within(kLoadTime);
  task_api::ShutdownRequest request;
  request.set_id(shim->bundle.id);
  request.set_now(true);
  const bool connected = shim->connected();
  const auto ended = connected ? shim->call<google::protobuf::Empty>(limits, "Shutdown", request)
                               : Result<google::protobuf::Empty>(unavailable("ttrpc: closed"));
  shim->close();
  if (!ended.ok() && exists(shim->bundle.file("address"))) (void)clean_up_after(*shim);
  if (auto removed = remove_bundle(shim->bundle); !removed.ok())
    logging::warn("remove bundle", {{"id", shim->bundle.id}, {"error", removed.error().message()}});
}

Result<task_api::DeleteResponse> Tasks::remove(const Call& call, const std::string& ns, const std::string& id) {
  const auto shim = TRY(find(ns, id));
  task_api::DeleteRequest request;
  request.set_id(id);
  auto deleted = shim->call<task_api::DeleteResponse>(call, "Delete", request);
  // A shim that knows no such container has lost it: only the rest is left to do.
  if (!deleted.ok() && !deleted.is(Code::kNotFound)) return deleted;
  if (!shim->begin_removal()) return no_such_task(id);
  task_api::ShutdownRequest shutdown;
  shutdown.set_id(id);
  const auto ended = shim->call<google::protobuf::Empty>(Call::within(kLoadTime), "Shutdown", shutdown);
  if (!ended.ok() && !ended.is(Code::kUnavailable))
    logging::warn("shut down shim", {{"id", id}, {"error", ended.error().message()}});
  shim->close();
  auto removed = remove_bundle(shim->bundle);
  forget(*shim);
  if (!removed.ok()) logging::warn("remove bundle", {{"id", id}, {"error", removed.error().message()}});
  return deleted;
}

Result<std::shared_ptr<Shim>> Tasks::find(const std::string& ns, const std::string& id) const {
  auto shim = entries_.with([&](const auto& entries) -> std::shared_ptr<Shim> {
    const auto found = entries.find(Key{ns, id});
    return found == entries.end() ? nullptr : found->second.shim;
  });
  if (!shim) return no_such_task(id);
  return shim;
}

std::vector<std::shared_ptr<Shim>> Tasks::list(const std::string& ns) const {
  return entries_.with([&](const auto& entries) {
    std::vector<std::shared_ptr<Shim>> shims;
    for (const auto& [key, entry] : entries)
      if (key.first == ns && entry.shim) shims.push_back(entry.shim);
    return shims;
  });
}

std::vector<task_api::StateResponse> Tasks::states(const Call& call, const std::string& ns) const {
  struct Collected {
    std::mutex mutex;
    std::condition_variable_any wake;
    size_t missing = 0;
    std::vector<task_api::StateResponse> states;
  };
  const auto shims = list(ns);
  const auto collected = std::make_shared<Collected>();
  collected->missing = shims.size();
  for (const auto& shim : shims)
    shim->start<task_api::StateResponse>("State", state_request(shim->bundle.id),
                                         [collected](Result<task_api::StateResponse> state) {
                                           std::lock_guard lock(collected->mutex);
                                           if (state.ok()) collected->states.push_back(std::move(*state));
                                           --collected->missing;
                                           collected->wake.notify_all();
                                         });
  std::unique_lock lock(collected->mutex);
  collected->wake.wait_until(lock, call.stop, call.deadline, [&] { return collected->missing == 0; });
  return collected->states;
}

void Tasks::observe(const Envelope& envelope) {
  if (envelope.topic != "/tasks/exit") return;
  containerd::events::TaskExit event;
  if (!event.ParseFromString(envelope.event) || event.id() != event.container_id()) return;
  task_api::DeleteResponse exit;
  exit.set_pid(event.pid());
  exit.set_exit_status(event.exit_status());
  *exit.mutable_exited_at() = event.exited_at();
  entries_.with([&](auto& entries) {
    const auto found = entries.find(Key{envelope.ns, event.container_id()});
    if (found != entries.end()) found->second.exit = std::move(exit);
  });
}

std::optional<Tasks::Entry> Tasks::forget(const Shim& shim) {
  return entries_.with([&](auto& entries) -> std::optional<Entry> {
    const auto found = entries.find(Key{shim.bundle.ns, shim.bundle.id});
    if (found == entries.end() || found->second.shim.get() != &shim) return std::nullopt;
    Entry entry = std::move(found->second);
    entries.erase(found);
    return entry;
  });
}

void Tasks::shim_died(const std::shared_ptr<Shim>& shim) {
  if (!shim->begin_removal()) return;
  logging::warn("shim disconnected", {{"id", shim->bundle.id}, {"namespace", shim->bundle.ns}});
  shim->close();
  const auto end = clean_up_after(*shim);
  const auto entry = forget(*shim);
  if (auto removed = remove_bundle(shim->bundle); !removed.ok())
    logging::warn("remove bundle", {{"id", shim->bundle.id}, {"error", removed.error().message()}});
  // Without an entry the task was never made: its create() says so.
  if (entry) publish_end(*shim, entry->exit.value_or(end), entry->exit.has_value());
}

task_api::DeleteResponse Tasks::clean_up_after(const Shim& shim) {
  auto deleted = delete_after_shim(Call::within(kCleanUpTime), shim.binary, shim.bundle, config_.shims);
  if (deleted.ok()) return std::move(*deleted);
  logging::warn("clean up after shim", {{"id", shim.bundle.id}, {"error", deleted.error().message()}});
  task_api::DeleteResponse unknown;
  unknown.set_exit_status(255);
  set_now(*unknown.mutable_exited_at());
  return unknown;
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

Result<void> Tasks::restore() {
  for (const Bundle& bundle : TRY(list_bundles(config_.places)))
    if (auto adopted = adopt(bundle); !adopted.ok())
      logging::warn("restore task",
                    {{"id", bundle.id}, {"namespace", bundle.ns}, {"error", adopted.error().message()}});
  return {};
}

Result<void> Tasks::adopt(const Bundle& bundle) {
  const auto address = read_file(bundle.file("address"), 4_KiB);
  const std::string binary(trim(read_file(bundle.file(kBinaryFile), 4_KiB).value_or("")));
  const auto shim = std::make_shared<Shim>(bundle, binary);
  const auto reach = [&]() -> Result<void> {
    if (!address.ok()) return address.error();
    TRY(shim->open_log(loop_));
    TRY(connect(shim, TRY(parse_shim_address(*address))));
    return TRY(shim->call<task_api::StateResponse>(Call::within(kLoadTime), "State", state_request(bundle.id))),
           Result<void>();
  };
  const auto reached = reach();
  // One that took the call and is only slow to answer lives, and so does its container.
  if (reached.ok() || (shim->connected() && !reached.is(Code::kNotFound))) {
    entries_.with([&](auto& entries) { entries[Key{bundle.ns, bundle.id}].shim = shim; });
    return {};
  }
  // Its container was never made, or the shim is gone, or was killed before it could say where it is.
  if (shim->connected()) return abandon(shim), Result<void>();
  shim->begin_removal();
  shim->close();
  if (binary.empty()) return remove_bundle(bundle);
  const auto end = clean_up_after(*shim);
  TRY(remove_bundle(bundle));
  publish_end(*shim, end, false);
  return {};
}

}  // namespace hull::supervisor
