// What is done to a container's processes: exec, signals, pause, limits.

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "ipc/proto/shim/task_events.pb.h"
#include "shim/arguments.h"
#include "shim/container.h"

namespace hull::shim {
namespace {

namespace events = containerd::events;

/// Done of a command whose output does not matter.
OciRuntime::Done plain(std::string what, Container::Done<void> done) {
  return [what = std::move(what), done = std::move(done)](const Result<std::string>& output) {
    if (output.ok()) return done({});
    done(runtime_failed(output.error(), what));
  };
}

Error process_finished() { return not_found("process already finished: not found"); }

/// The runtimes' texts for a container that has gone.
Error kill_error(const Error& error) {
  const std::string text = to_lower(error.message());
  for (const char* gone : {"process already finished", "container not running", "no such process"})
    if (text.find(gone) != std::string::npos) return process_finished();
  if (text.find("does not exist") != std::string::npos) return not_found("no such container: not found");
  return runtime_failed(error, "unknown error after kill");
}

/// Whether the pid that the runtime reports is the container's process itself, not that of a sandbox around it.
bool makes_plain_processes(const std::string& binary) {
  const std::string name = binary.substr(binary.rfind('/') + 1);
  return name == "hull-runc" || name == "runc" || name == "crun";
}

/// The OCI process with `terminal` as the request says it.
Result<std::string> process_spec(const std::string& spec, bool terminal) {
  auto value = TRY(json::parse_value(spec).context("exec spec"));
  if (!value.is_object()) return invalid_argument("exec spec: expected an object");
  value.as_object()["terminal"] = terminal;
  return json::format(value);
}

}  // namespace

Result<void> Container::add_exec(const std::string& exec_id, StdioPaths paths, std::string spec) {
  TRY(check_identifier("exec id", exec_id));
  if (execs_.contains(exec_id)) return Error(Code::kAlreadyExists, "id " + exec_id + ": already exists");
  if (paused_) return Error(Code::kFailedPrecondition, "cannot exec in a paused state");
  if (init_->state() == ProcessState::kStopped || removing_)
    return Error(Code::kFailedPrecondition, "cannot exec in a stopped state");
  auto process = std::make_shared<Process>(exec_id, std::move(paths));
  process->spec = TRY(process_spec(spec, process->stdio_paths.terminal));
  process->set_state(ProcessState::kCreated);
  execs_.emplace(exec_id, std::move(process));
  events::TaskExecAdded event;
  event.set_container_id(id_);
  event.set_exec_id(exec_id);
  publish("/tasks/exec-added", event);
  return {};
}

void Container::start_exec(const std::shared_ptr<Process>& process, Done<pid_t> done) {
  if (process->state() != ProcessState::kCreated)
    return done(Error(Code::kFailedPrecondition, process->state() == ProcessState::kStopped
                                                     ? "cannot start a stopped process"
                                                     : "cannot start a running process"));
  if (auto opened = open_stdio(*process); !opened.ok()) {
    process->close_stdio();
    return done(opened.error());
  }
  process->set_state(ProcessState::kStarting);
  process->when_logger_is_ready(
      [self = shared_from_this(), process, done = std::move(done)](const Result<void>& ready) {
        if (ready.ok()) return self->run_exec(process, done);
        self->exec_failed(*process, ready.error(), done);
      });
}

void Container::run_exec(const std::shared_ptr<Process>& process, Done<pid_t> done) {
  const std::string spec_file = file_of(*process, ".process.json");
  const auto prepare = [&]() -> Result<void> {
    TRY(process->hold_stdin());
    return replace_file(spec_file, std::exchange(process->spec, ""), 0600, Durable::kNo);
  };
  if (auto prepared = prepare(); !prepared.ok()) return exec_failed(*process, prepared.error(), done);
  std::vector<std::string> words{"exec", "--process", spec_file};
  if (const Terminal* terminal = process->terminal()) {
    words.push_back("--console-socket");
    words.push_back(terminal->socket_path());
  }
  for (const std::string& word : {std::string("--detach"), std::string("--pid-file"), file_of(*process, ".pid"), id_})
    words.push_back(word);
  runtime_.run(
      std::move(words), process->child_stdio(),
      [self = shared_from_this(), process, spec_file, done = std::move(done)](const Result<std::string>& output) {
        (void)sys::unlink(spec_file).ok();
        self->exec_ended(process, output, done);
      });
}

void Container::exec_ended(const std::shared_ptr<Process>& process, const Result<std::string>& output,
                           const Done<pid_t>& done) {
  auto started =
      output.ok() ? exec_started(process) : Result<void>(runtime_failed(output.error(), "OCI runtime exec failed"));
  if (started.ok()) {
    done(process->pid);
  } else {
    if (output.is(Code::kAborted)) end_unannounced(*process);
    exec_failed(*process, started.error(), done);
  }
  if (const auto early = early_exits_.extract(process.get())) deliver_exit(*process, early.mapped());
}

void Container::exec_failed(Process& process, const Error& error, const Done<pid_t>& done) {
  process.close_stdio();
  process.set_exited({.code = 255, .at = now()});
  done(error);
}

/// The runtime was killed: what it may have started already is nobody's.
void Container::end_unannounced(const Process& process) {
  const std::string text = read_file(file_of(process, ".pid"), 1_KiB).value_or("");
  const auto pid = parse_integer<pid_t>(trim(text));
  siginfo_t ended;
  // Only a child of ours keeps its number until we have looked.
  if (pid && *pid > 0 && ::waitid(P_PID, static_cast<id_t>(*pid), &ended, WEXITED | WNOHANG | WNOWAIT) == 0)
    (void)sys::kill(*pid, SIGKILL).ok();
}

Result<void> Container::exec_started(const std::shared_ptr<Process>& process) {
  TRY(process->stdio_created());
  process->stdio_started();
  const std::string text = TRY(read_file(file_of(*process, ".pid"), 1_KiB));
  const auto pid = parse_integer<pid_t>(trim(text));
  if (!pid || *pid <= 0) return internal_error("the runtime wrote \"" + text + "\" as a process id");
  process->pid = *pid;
  process->set_state(ProcessState::kRunning);
  events::TaskExecStarted event;
  event.set_container_id(id_);
  event.set_exec_id(process->exec_id);
  event.set_pid(static_cast<uint32_t>(*pid));
  publish("/tasks/exec-started", event);
  watch_exit(process);
  return {};
}

void Container::kill(const std::string& exec_id, int signal, Scope scope, Done<void> done) {
  const auto found = find(exec_id);
  if (!found.ok()) return done(found.error());
  const Process& process = **found;
  if (process.pid == 0) return done(Error(Code::kFailedPrecondition, "process not created"));
  if (process.state() == ProcessState::kStopped) return done(process_finished());
  const bool directly =
      !exec_id.empty() || (scope == Scope::kProcess && !paused_ && makes_plain_processes(settings_.runtime.binary));
  if (directly) {
    // We are its parent and have not reaped it: the number is still its own.
    const auto killed = sys::kill(process.pid, signal);
    if (killed.is(Code::kNotFound)) return done(process_finished());
    return done(killed);
  }
  std::vector<std::string> words{"kill"};
  if (scope == Scope::kAll) words.push_back("--all");
  words.push_back(id_);
  words.push_back(std::to_string(signal));
  runtime_.run(std::move(words), {},
               [self = shared_from_this(), done = std::move(done)](const Result<std::string>& output) {
                 if (output.ok()) return done({});
                 done(kill_error(output.error()));
               });
}

void Container::pause(Done<void> done) {
  if (paused_) return done(Error(Code::kFailedPrecondition, "cannot pause a paused container"));
  if (init_->state() != ProcessState::kRunning)
    return done(Error(Code::kFailedPrecondition,
                      "cannot pause task in " +
                          std::string(init_->state() == ProcessState::kStopped ? "stopped" : "created") + " state"));
  runtime_.run({"pause", id_}, {}, freezer_told(Frozen::kYes, std::move(done)));
}

void Container::resume(Done<void> done) {
  if (!paused_) return done(Error(Code::kFailedPrecondition, "cannot resume a running process"));
  runtime_.run({"resume", id_}, {}, freezer_told(Frozen::kNo, std::move(done)));
}

OciRuntime::Done Container::freezer_told(Frozen wanted, Done<void> done) {
  const auto finish = [self = shared_from_this(), wanted, done = std::move(done)](const Result<std::string>& output) {
    if (!output.ok())
      return done(runtime_failed(output.error(),
                                 wanted == Frozen::kYes ? "OCI runtime pause failed" : "OCI runtime resume failed"));
    self->set_paused(wanted);
    done({});
  };
  return [self = shared_from_this(), wanted, finish](const Result<std::string>& output) {
    if (!output.is(Code::kAborted)) return finish(output);
    self->ask_status([wanted, finish, output](const std::string& status) {
      finish((status == "paused") == (wanted == Frozen::kYes) ? Result<std::string>("") : output);
    });
  };
}

void Container::set_paused(Frozen now) {
  paused_ = now == Frozen::kYes;
  if (paused_) {
    events::TaskPaused event;
    event.set_container_id(id_);
    return publish("/tasks/paused", event);
  }
  events::TaskResumed event;
  event.set_container_id(id_);
  publish("/tasks/resumed", event);
}

void Container::update(const std::string& resources, Done<void> done) {
  if (init_->state() == ProcessState::kStopped)
    return done(Error(Code::kFailedPrecondition, "cannot update a stopped container"));
  const auto input = [&]() -> Result<UniqueFd> {
    auto file = TRY(sys::memfd_create("resources", 0));
    TRY(sys::write_all(file, resources));
    TRY(sys::lseek(file, 0, SEEK_SET));
    return file;
  }();
  if (!input.ok()) return done(input.error());
  runtime_.run({"update", "--resources", "-", id_}, {.in = *input},
               plain("OCI runtime update failed", std::move(done)));
}

}  // namespace hull::shim
