#include "supervisor/tasks/tasks.h"

#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "ipc/proto/shim/task_events.pb.h"
#include "supervisor/tasks/ask_all.h"
#include "supervisor/tasks/runtime_path.h"

namespace hull::supervisor {
namespace {

constexpr std::chrono::seconds kLoadTime(5);
constexpr const char* kBinaryFile = "shim-binary-path";
constexpr const char* kBootstrapFile = "bootstrap.json";
constexpr const char* kGivenFile = "shim-is-given";

Error no_such_task(const std::string& id) { return not_found("task " + id + " not found"); }

task_api::StateRequest state_request(const std::string& id) {
  task_api::StateRequest request;
  request.set_id(id);
  return request;
}

}  // namespace

Tasks::Tasks(TasksConfig config, EventLoop& loop, Exchange& exchange, ContainerSource& containers)
    : config_(std::move(config)), loop_(loop), exchange_(exchange), containers_(containers) {
  exchange_.set_observer([this](const Envelope& envelope) { observe(envelope); });
}

Tasks::~Tasks() {
  stop_.request_stop();
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
  const auto binary = find_shim(runtime);
  // Not the container is missing or misnamed.
  if (!binary.ok())
    return Error(binary.error()).context("failed to start shim: failed to resolve runtime path").as(Code::kUnknown);
  if (task.request.options().type_url().empty() && !source.options_type.empty()) {
    task.request.mutable_options()->set_type_url(source.options_type);
    task.request.mutable_options()->set_value(source.options);
  }
  auto bundle = TRY(create_bundle(config_.places, task.ns, task.id, source.spec).context("create bundle"));
  const auto shim = std::make_shared<Shim>(std::move(bundle), *binary);
  const std::string options = task.request.has_options() ? task.request.options().SerializeAsString() : "";
  auto made = [&]() -> Result<uint32_t> {
    if (task.fill_checkpoint) {
      const std::string images = shim->bundle.file("checkpoint");
      TRY(sys::mkdir(images, 0700));
      TRY(task.fill_checkpoint(images));
      task.request.set_checkpoint(images);
    }
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
  take_over(shim);
  return made;
}

/// From here on its death is shim_died()'s.
void Tasks::take_over(const std::shared_ptr<Shim>& shim) {
  entries_.with([&](auto& entries) { entries[Key{shim->bundle.ns, shim->bundle.id}].shim = shim; });
  if (!shim->connected()) shim_died(shim);  // it may have died just before
}

Result<void> Tasks::launch(const Call& call, const std::shared_ptr<Shim>& shim, const std::string& options) {
  // What a restarted supervisor needs should the shim be dead by then.
  TRY(replace_file(shim->bundle.file(kBinaryFile), shim->binary, 0600, Durable::kNo));
  TRY(shim->open_log(loop_));
  const auto address = TRY(reach(call, shim, options));
  // Stock shims write the first themselves, too; the second says which version they speak.
  TRY(replace_file(shim->bundle.file("address"), "unix://" + address.socket, 0600, Durable::kNo));
  if (address.version > 2)
    TRY(replace_file(shim->bundle.file(kBootstrapFile), format_shim_address(address), 0600, Durable::kNo));
  return connect(shim, address);
}

Result<void> Tasks::connect(const std::shared_ptr<Shim>& shim, const ShimAddress& address) {
  shim->share(user_of(address.socket));
  return shim->connect(loop_, address, [this, weak = std::weak_ptr(shim)] {
    // A pool's thread: the loop serves every other shim meanwhile.
    if (auto dead = weak.lock()) cleaners_.submit([this, dead = std::move(dead)] { shim_died(dead); });
  });
}

/// Starts the shim, unless the options name one that serves already.
Result<ShimAddress> Tasks::reach(const Call& call, const std::shared_ptr<Shim>& shim, const std::string& options) {
  google::protobuf::Any any;
  CHECK(any.ParseFromString(options));  // we have written it
  const auto given = TRY(given_shim(any.type_url(), any.value()));
  if (!given) return start_shim(call, shim->binary, shim->bundle, config_.shims, options);
  shim->set_given();
  TRY(replace_file(shim->bundle.file(kGivenFile), "", 0600, Durable::kNo));
  return *given;
}

/// Containers of one group have one shim, which their ends must not end.
std::shared_ptr<const std::string> Tasks::user_of(const std::string& socket) {
  return sockets_.with([&](auto& sockets) {
    std::erase_if(sockets, [](const auto& each) { return each.second.expired(); });
    auto user = sockets[socket].lock();
    if (!user) sockets[socket] = user = std::make_shared<const std::string>(socket);
    return user;
  });
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
  std::vector<task_api::StateResponse> states;
  for (auto& state : ask_all<task_api::StateResponse>(call, list(ns), "State", state_request))
    if (state) states.push_back(std::move(*state));
  return states;
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

Result<void> Tasks::restore() {
  for (const Bundle& bundle : TRY(list_bundles(config_.places)))
    if (auto adopted = adopt(bundle); !adopted.ok())
      logging::warn("restore task",
                    {{"id", bundle.id}, {"namespace", bundle.ns}, {"error", adopted.error().message()}});
  return {};
}

Result<void> Tasks::adopt(const Bundle& bundle) {
  auto address = read_file(bundle.file(kBootstrapFile), 4_KiB);
  if (address.is(Code::kNotFound)) address = read_file(bundle.file("address"), 4_KiB);
  const std::string binary(trim(read_file(bundle.file(kBinaryFile), 4_KiB).value_or("")));
  const auto shim = std::make_shared<Shim>(bundle, binary);
  if (exists(bundle.file(kGivenFile))) shim->set_given();
  const auto reach_it = [&]() -> Result<void> {
    if (!address.ok()) return address.error();
    TRY(shim->open_log(loop_));
    TRY(connect(shim, TRY(parse_shim_address(*address))));
    return TRY(shim->call<task_api::StateResponse>(Call::within(kLoadTime), "State", state_request(bundle.id))),
           Result<void>();
  };
  const auto reached = reach_it();
  // One that took the call and is only slow to answer lives, and so does its container.
  if (reached.ok() || (shim->connected() && !reached.is(Code::kNotFound))) {
    return take_over(shim), Result<void>();
  }
  // It is we who have no descriptor or no memory: what runs there goes on, unseen until the next start.
  if (reached.is(Code::kResourceExhausted)) return reached;
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
