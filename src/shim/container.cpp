#include "shim/container.h"

#include <signal.h>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "ipc/proto/shim/task_events.pb.h"
#include "shim/arguments.h"
#include "shim/proto_time.h"

namespace hull::shim {
namespace {

namespace events = containerd::events;

constexpr std::chrono::seconds kDrainTime(2);

struct RuntimeState {
  std::string status;
};
template <class V>
void describe(V& json, RuntimeState& state) {
  json.field("status", state.status);
}

Result<pid_t> read_pid(const std::string& path) {
  const std::string text = TRY(read_file(path, 1_KiB));
  const auto pid = parse_integer<pid_t>(trim(text));
  if (!pid || *pid <= 0) return internal_error("the runtime wrote \"" + text + "\" as a process id");
  return *pid;
}

}  // namespace

Container::Container(const Host& host, std::string id, std::string bundle, ContainerSettings settings)
    : host_(host),
      id_(std::move(id)),
      bundle_(std::move(bundle)),
      settings_(std::move(settings)),
      runtime_(host.reaper, settings_.runtime, bundle_),
      init_(std::make_shared<Process>("", StdioPaths())) {}

std::string Container::socket_path() {
  static unsigned next = 0;
  return host_.socket_prefix + kConsoleSuffix + std::to_string(++next);
}

Result<Process*> Container::find(const std::string& exec_id) {
  if (exec_id.empty()) return init_.get();
  const auto found = execs_.find(exec_id);
  if (found == execs_.end()) return not_found("process does not exist " + exec_id);
  return found->second.get();
}

Result<void> Container::open_stdio(Process& process) {
  const std::string& name = process.exec_id.empty() ? id_ : process.exec_id;
  return process.open_stdio({host_.loop, host_.reaper, {name, host_.container_namespace, bundle_}}, settings_.io_owner,
                            process.stdio_paths.terminal ? socket_path() : "");
}

void Container::create(StdioPaths paths, std::vector<MountRequest> rootfs_mounts, std::string checkpoint,
                       Done<pid_t> done) {
  const auto prepare = [&]() -> Result<void> {
    init_ = std::make_shared<Process>("", std::move(paths));
    if (!rootfs_mounts.empty()) {
      TRY(make_directories(rootfs(), 0711));
      TRY(mount_rootfs(rootfs_mounts, rootfs()));
      mounted_ = true;
    }
    return open_stdio(*init_);
  };
  if (auto prepared = prepare(); !prepared.ok()) {
    undo_create();
    return done(prepared.error());
  }
  checkpoint_ = std::move(checkpoint);
  init_->when_logger_is_ready([self = shared_from_this(), done = std::move(done)](const Result<void>& ready) {
    if (ready.ok()) return self->run_create(done);
    self->undo_create();
    done(ready.error());
  });
}

/// Nothing of what we made for the runtime is left.
void Container::undo_create() {
  init_->close_stdio();
  if (std::exchange(mounted_, false)) (void)unmount_rootfs(rootfs()).ok();
}

void Container::run_create(Done<pid_t> done) {
  if (!checkpoint_.empty()) {
    init_->set_state(ProcessState::kCreated);
    return announce_created(done);
  }
  std::vector<std::string> words{"create", "--bundle", bundle_, "--pid-file", pid_file()};
  if (const Terminal* terminal = init_->terminal()) {
    words.push_back("--console-socket");
    words.push_back(terminal->socket_path());
  }
  if (settings_.no_pivot_root) words.push_back("--no-pivot");
  if (settings_.no_new_keyring) words.push_back("--no-new-keyring");
  words.push_back(id_);
  runtime_.run(std::move(words), init_->child_stdio(),
               [self = shared_from_this(), done = std::move(done)](const Result<std::string>& output) {
                 self->created(output, done);
               });
}

void Container::created(const Result<std::string>& output, const Done<pid_t>& done) {
  const auto adopted = output.ok() ? adopt_init() : Result<void>(output.error());
  if (!adopted.ok()) {
    const auto finish = [self = shared_from_this(), done, adopted = adopted, made = output.ok()] {
      self->undo_create();
      done(made ? adopted.error() : runtime_failed(adopted.error(), "OCI runtime create failed"));
    };
    // A runtime that failed has cleaned up; one that succeeded, or was killed, has not.
    if (!output.ok() && !output.is(Code::kAborted)) return finish();
    return runtime_.run({"delete", "--force", id_}, {}, [finish](const Result<std::string>&) { finish(); });
  }
  announce_created(done);
}

void Container::announce_created(const Done<pid_t>& done) {
  events::TaskCreate event;
  event.set_container_id(id_);
  event.set_bundle(bundle_);
  event.set_pid(static_cast<uint32_t>(init_->pid));
  event.mutable_io()->set_stdin(init_->stdio_paths.in);
  event.mutable_io()->set_stdout(init_->stdio_paths.out);
  event.mutable_io()->set_stderr(init_->stdio_paths.err);
  event.mutable_io()->set_terminal(init_->stdio_paths.terminal);
  event.set_checkpoint(checkpoint_);
  publish("/tasks/create", event);
  done(init_->pid);
}

Result<void> Container::adopt_init() {
  TRY(init_->stdio_created());
  init_->pid = TRY(read_pid(pid_file()).context("retrieve OCI runtime container pid"));
  init_->set_state(ProcessState::kCreated);
  if (auto cgroup = Cgroup::of_process(init_->pid); cgroup.ok()) cgroup_ = std::move(*cgroup);
  watch_memory();  // from now on: the program may run out of it before the runtime has told us that it starts
  watch_exit(init_);
  return {};
}

void Container::watch_exit(const std::shared_ptr<Process>& process) {
  host_.reaper.expect(process->pid,
                      [self = shared_from_this(), process](ExitReport report) { self->on_exit(*process, report); });
}

void Container::on_exit(Process& process, ExitReport report) {
  // Its start is announced first.
  if (process.state() == ProcessState::kStarting) {
    early_exits_.emplace(&process, report);
    return;
  }
  deliver_exit(process, report);
}

void Container::deliver_exit(Process& process, ExitReport report) {
  if (oom_watch_) oom_watch_->look();
  if (&process == init_.get()) {
    kill_leftovers();
    paused_ = false;
  }
  process.set_exited(report);
  events::TaskExit event;
  event.set_container_id(id_);
  event.set_id(process.exec_id.empty() ? id_ : process.exec_id);
  event.set_pid(static_cast<uint32_t>(process.pid));
  event.set_exit_status(static_cast<uint32_t>(report.code));
  to_proto(report.at, *event.mutable_exited_at());
  publish("/tasks/exit", event);
}

/// Without a pid namespace of its own, the container's other processes outlive its first one.
void Container::kill_leftovers() {
  if (!cgroup_) return;
  std::map<pid_t, UniqueFd> held;
  for (const pid_t pid : cgroup_->processes().value_or({}))
    if (auto process = sys::pidfd_open(pid); process.ok()) held.emplace(pid, std::move(*process));
  if (held.empty()) return;
  // A number may have become another process's since it was read: what is listed still is what we hold.
  for (const pid_t pid : cgroup_->processes().value_or({}))
    if (const auto found = held.find(pid); found != held.end())
      (void)sys::pidfd_send_signal(found->second, SIGKILL).ok();
}

void Container::start(const std::string& exec_id, Done<pid_t> done) {
  if (exec_id.empty()) return start_init(std::move(done));
  const auto found = execs_.find(exec_id);
  if (found == execs_.end()) return done(not_found("process does not exist " + exec_id));
  start_exec(found->second, std::move(done));
}

void Container::start_init(Done<pid_t> done) {
  switch (init_->state()) {
    case ProcessState::kCreated: break;
    case ProcessState::kStopped: return done(Error(Code::kFailedPrecondition, "cannot start a stopped process"));
    case ProcessState::kCreating:
    case ProcessState::kStarting:
    case ProcessState::kRunning: return done(Error(Code::kFailedPrecondition, "cannot start a running process"));
  }
  if (auto held = init_->hold_stdin(); !held.ok()) return done(held.error());
  if (!checkpoint_.empty()) return restore_init(std::move(done));
  init_->set_state(ProcessState::kStarting);
  runtime_.run({"start", id_}, {},
               [self = shared_from_this(), done = std::move(done)](const Result<std::string>& output) {
                 if (!output.is(Code::kAborted)) return self->init_started(output, done);
                 self->ask_status([self, done, output](const std::string& status) {
                   self->init_started(status == "running" ? Result<std::string>("") : output, done);
                 });
               });
}

/// After a runtime was killed: before it did what was asked, or after that.
void Container::ask_status(std::function<void(const std::string&)> done) {
  runtime_.run({"state", id_}, {}, [done = std::move(done)](const Result<std::string>& output) {
    const auto state = output.ok() ? json::parse<RuntimeState>(*output) : output.error();
    done(state.ok() ? state->status : "");
  });
}

void Container::init_started(const Result<std::string>& output, const Done<pid_t>& done) {
  if (output.ok()) {
    init_->set_state(ProcessState::kRunning);
    init_->stdio_started();
    events::TaskStart event;
    event.set_container_id(id_);
    event.set_pid(static_cast<uint32_t>(init_->pid));
    publish("/tasks/start", event);
    done(init_->pid);
  } else {
    init_->set_state(ProcessState::kCreated);
    done(runtime_failed(output.error(), "OCI runtime start failed"));
  }
  if (early_oom_) tell_oom();
  if (const auto early = early_exits_.extract(init_.get())) deliver_exit(*init_, early.mapped());
}

void Container::watch_memory() {
  if (!cgroup_) return;
  auto watch = OomWatch::create(host_.loop, *cgroup_, [this] { tell_oom(); });
  if (watch.ok()) {
    oom_watch_ = std::move(*watch);
  } else {
    logging::debug("watch memory", {{"id", id_}, {"error", watch.error().message()}});
  }
}

void Container::tell_oom() {
  // Its start is announced first.
  early_oom_ = init_->state() == ProcessState::kStarting;
  if (early_oom_) return;
  events::TaskOOM event;
  event.set_container_id(id_);
  publish("/tasks/oom", event);
}

void Container::remove(const std::string& exec_id, Done<std::shared_ptr<Process>> done) {
  if (exec_id.empty()) return remove_init(std::move(done));
  const auto found = execs_.find(exec_id);
  if (found == execs_.end()) return done(not_found("process does not exist " + exec_id));
  const auto process = found->second;
  if (process->state() == ProcessState::kRunning || process->state() == ProcessState::kStarting)
    return done(Error(Code::kFailedPrecondition, "cannot delete a running process"));
  execs_.erase(found);
  process->when_drained(host_.loop, kDrainTime, [self = shared_from_this(), process, done = std::move(done)] {
    process->close_stdio();
    (void)sys::unlink(self->file_of(*process, ".pid")).ok();
    done(process);
  });
}

void Container::remove_init(Done<std::shared_ptr<Process>> done) {
  if (init_->state() == ProcessState::kRunning || init_->state() == ProcessState::kStarting)
    return done(Error(Code::kFailedPrecondition,
                      paused_ ? "cannot delete a paused process" : "cannot delete a running process"));
  if (init_->state() == ProcessState::kCreating || std::exchange(removing_, true))
    return done(Error(Code::kFailedPrecondition, "container " + id_ + " is being created or deleted"));
  oom_watch_.reset();
  std::vector<std::string> words{"delete"};
  if (init_->state() == ProcessState::kCreated) words.push_back("--force");
  words.push_back(id_);
  runtime_.run(std::move(words), {},
               [self = shared_from_this(), done = std::move(done)](const Result<std::string>& output) {
                 if (!output.ok() && output.error().message().find("does not exist") == std::string::npos) {
                   self->removing_ = false;
                   return done(runtime_failed(output.error(), "delete task"));
                 }
                 self->init_->when_drained(self->host_.loop, kDrainTime, [self, done] { self->finish_removal(done); });
               });
}

void Container::finish_removal(const Done<std::shared_ptr<Process>>& done) {
  if (const auto unmounted = unmount_rootfs(rootfs()); !unmounted.ok()) {
    removing_ = false;
    return done(unmounted.error());
  }
  init_->close_stdio();
  events::TaskDelete event;
  event.set_container_id(id_);
  event.set_pid(static_cast<uint32_t>(init_->pid));
  event.set_exit_status(static_cast<uint32_t>(init_->exit_code()));
  if (init_->exited_at()) to_proto(*init_->exited_at(), *event.mutable_exited_at());
  publish("/tasks/delete", event);
  done(init_);
}

Result<Cgroup> Container::cgroup() const {
  if (!cgroup_) return not_found("cgroup does not exist");
  return *cgroup_;
}

}  // namespace hull::shim
