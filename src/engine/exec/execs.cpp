#include "engine/exec/execs.h"

#include "base/files.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/exec/exec_process.h"

namespace hull::engine {
namespace {

constexpr auto kStartTime = std::chrono::seconds(60);
constexpr auto kClosePatience = std::chrono::seconds(3);
constexpr auto kDrainTime = std::chrono::seconds(2);     // a child that keeps the output open is not waited for
constexpr auto kKeptAfterEnd = std::chrono::minutes(5);  // for those who inspect late

Result<void> check_live(const ContainerRecord& record) {
  switch (record.state.phase) {
    case Phase::kRunning: return {};
    case Phase::kPaused: return conflict("Container " + record.id + " is paused, unpause the container before exec");
    case Phase::kRestarting:
      return conflict("Container " + record.id + " is restarting, wait until the container is running");
    case Phase::kCreated:
    case Phase::kExited:
    case Phase::kRemoving:
    case Phase::kDead: break;
  }
  return conflict("Container " + record.id + " is not running");
}

/// What a shell would exit with. The runtime's message is all there is to tell by.
int64_t exit_code_of(const Error& error) {
  const auto says = [&](std::string_view words) { return error.message().find(words) != std::string::npos; };
  return says("executable file not found") || says("no such file or directory") ? 127 : 126;
}

}  // namespace

Call Execs::patience() const { return Call::within(kStartTime, stop_.get_token()); }

void Execs::close() {
  if (!finishers_.drain(kClosePatience)) stop_.request_stop();
  finishers_.close();
  stop_.request_stop();  // what a check has begun
}

Result<std::string> Execs::create(const std::string& container, api::CreateExec request) {
  auto target = TRY(needs_.containers.find(container));
  if (request.cmd.empty()) return invalid_argument("No exec command specified");
  TRY(check_live(*target->record()));
  forget_ended();
  auto exec =
      std::make_shared<Exec>(random_hex(64), std::move(target), std::move(request), stdio::Hub::create(needs_.pump));
  execs_.with([&](auto& all) { all.emplace(exec->id(), exec); });
  publish(*exec, "exec_create: " + join(exec->request().cmd.values(), " "), {});
  return exec->id();
}

Result<ExecPtr> Execs::find(const std::string& id) const {
  auto exec = execs_.with([&](const auto& all) {
    const auto found = all.find(id);
    return found == all.end() ? ExecPtr() : found->second;
  });
  if (!exec) return not_found("No such exec instance: " + id);
  return exec;
}

Result<api::ExecInspect> Execs::inspect(const std::string& id) const {
  const ExecPtr exec = TRY(find(id));
  const api::CreateExec& request = exec->request();
  const Exec::State state = exec->state();
  api::ExecInspect answer{.id = exec->id(),
                          .running = state.stage == Exec::Stage::kRunning,
                          .exit_code = state.exit_code,
                          .open_stdin = request.attach_stdin,
                          .open_stderr = request.attach_stderr,
                          .open_stdout = request.attach_stdout,
                          .container_id = exec->container()->id(),
                          .detach_keys = request.detach_keys,
                          .pid = state.pid};
  const std::vector<std::string> command = request.cmd.values();
  answer.process_config = {.tty = request.tty,
                           .entrypoint = command.front(),
                           .arguments = {command.begin() + 1, command.end()},
                           .privileged = request.privileged,
                           .user = request.user};
  return answer;
}

Result<void> Execs::resize(const std::string& id, uint32_t width, uint32_t height) {
  const ExecPtr exec = TRY(find(id));
  if (exec->state().stage != Exec::Stage::kRunning) return conflict("Exec " + id + " is not running");
  return needs_.tasks.resize(patience(), {exec->container()->id(), id}, width, height);
}

Result<void> Execs::check_start(const Exec& exec) const {
  const Exec::State state = exec.state();
  if (state.stage == Exec::Stage::kEnded) return conflict("Error: Exec command " + exec.id() + " has already run");
  if (state.stage != Exec::Stage::kCreated) return conflict("Error: Exec command " + exec.id() + " is already running");
  return check_live(*exec.container()->record());
}

Result<void> Execs::start(const ExecPtr& exec, const api::StartExec& options,
                          const std::shared_ptr<stdio::ClientQueue>& client) {
  return start_for(exec, options, {.client = client, .driver = nullptr});
}

Result<void> Execs::start(const ExecPtr& exec, std::unique_ptr<logs::Driver> output,
                          std::function<void(int64_t)> ended) {
  exec->on_end(std::move(ended));
  auto started = start_for(exec, {}, {.client = nullptr, .driver = std::move(output)});
  if (!started.ok()) exec->on_end(nullptr);
  return started;
}

Result<void> Execs::start_for(const ExecPtr& exec, const api::StartExec& options, Receiver receiver) {
  TRY(check_start(*exec));
  TRY(exec->begin());
  publish(*exec, "exec_start: " + join(exec->request().cmd.values(), " "), {});
  const auto begin = [&]() -> Result<void> {
    return launch(*exec, options, TRY(open_streams(*exec, std::move(receiver))));
  };
  auto begun = begin();
  if (begun.ok()) return {};
  if (exec->claim_end()) {
    exec->hub()->close();
    remove_exec_fifos(needs_.settings, *exec);
    exec->ended(exit_code_of(begun.error()));
  }
  return begun;
}

Result<stdio::Fifos> Execs::open_streams(Exec& exec, Receiver receiver) {
  const api::CreateExec& request = exec.request();
  stdio::Fifos fifos;
  if (!receiver.any() && !request.tty) return fifos;
  fifos = TRY(stdio::make_fifos(exec_fifo_directory(needs_.settings, exec), exec.id() + "-",
                                receiver.client && request.attach_stdin ? stdio::Stdin::kYes : stdio::Stdin::kNo,
                                request.tty ? stdio::Terminal::kYes : stdio::Terminal::kNo));
  if (receiver.client) exec.hub()->add(receiver.client);
  TRY(exec.hub()->begin(fifos, std::move(receiver.driver)));
  return fifos;
}

void Execs::kill(const Exec& exec, int signal) {
  const auto killed = needs_.tasks.kill(patience(), {exec.container()->id(), exec.id()}, signal);
  if (!killed.ok()) logging::debug("kill exec", {{"exec", exec.id()}, {"error", killed.error().message()}});
}

Result<void> Execs::launch(Exec& exec, const api::StartExec& options, const stdio::Fifos& fifos) {
  const std::string process = TRY(exec_process(exec, options, needs_.settings));
  const containerd::TaskName name{exec.container()->id(), exec.id()};
  const Call call = patience();
  TRY(needs_.tasks.add_exec(
      call, {name.container, name.exec, process, {fifos.in, fifos.out, fifos.err, exec.request().tty}}));
  auto pid = needs_.tasks.start(call, name);
  if (!pid.ok()) {
    (void)needs_.tasks.remove(call, name).ok();
    return std::move(pid).error();
  }
  exec.running(*pid);
  exec.hub()->flow();
  return {};
}

void Execs::end_input(const Exec& exec) {
  exec.hub()->close_input();
  const auto closed = needs_.tasks.close_stdin(patience(), {exec.container()->id(), exec.id()});
  // The process may have ended meanwhile.
  if (!closed.ok() && !closed.is(Code::kNotFound))
    logging::debug("close input of exec", {{"exec", exec.id()}, {"error", closed.error().message()}});
}

void Execs::on_exit(const containerd::TaskName& name, const containerd::TaskExit& exit) {
  auto exec = find(name.exec);
  if (!exec.ok() || !(*exec)->claim_end()) return;
  finishers_.submit([this, exec = *exec, code = exit.code] { finish(exec, code); });
}

void Execs::finish(const ExecPtr& exec, int64_t exit_code) {
  exec->hub()->wait_drained(Call::within(kDrainTime));
  exec->hub()->close();
  exec->ended(exit_code);
  exec->hub()->end_clients();
  publish(*exec, "exec_die", {{"execID", exec->id()}, {"exitCode", std::to_string(exit_code)}});
  exec->tell_end(exit_code);
  const auto removed = needs_.tasks.remove(patience(), {exec->container()->id(), exec->id()});
  if (!removed.ok() && !removed.is(Code::kNotFound))
    logging::warn("remove exec", {{"exec", exec->id()}, {"error", removed.error().message()}});
  remove_exec_fifos(needs_.settings, *exec);
}

void Execs::on_container_exit(const std::string& container) {
  const auto all = execs_.with([](const auto& execs) { return execs; });
  for (const auto& [id, exec] : all) {
    if (exec->container()->id() != container) continue;
    // The kernel killed what ran beside process 1.
    if (exec->claim_end()) finishers_.submit([this, exec = exec] { finish(exec, 128 + 9); });
  }
  // Those that were never started can't be any more.
  execs_.with([&](auto& execs) {
    std::erase_if(execs, [&](const auto& entry) {
      return entry.second->container()->id() == container && entry.second->state().stage == Exec::Stage::kCreated;
    });
  });
}

void Execs::reconcile() {
  const auto all = execs_.with([](const auto& execs) { return execs; });
  for (const auto& [id, exec] : all) {
    if (exec->state().stage != Exec::Stage::kRunning) continue;
    const auto task = needs_.tasks.get(patience(), {exec->container()->id(), id});
    if (task.ok() && task->status == containerd::TaskStatus::kStopped) {
      on_exit({exec->container()->id(), id}, {task->exit_code, task->exited_at});
    } else if (task.is(Code::kNotFound)) {
      on_exit({exec->container()->id(), id}, {128 + 9, now()});
    }
  }
}

void Execs::publish(const Exec& exec, const std::string& action, std::map<std::string, std::string> more) const {
  const RecordPtr record = exec.container()->record();
  std::map<std::string, std::string> attributes = record->config.labels.value_or(std::map<std::string, std::string>());
  attributes["image"] = record->config.image;
  attributes["name"] = record->name;
  attributes["execID"] = exec.id();
  attributes.merge(more);
  needs_.events.publish({"container", action, record->id, std::move(attributes)});
}

void Execs::forget_ended() {
  const Timestamp oldest = now() - kKeptAfterEnd;
  execs_.with([&](auto& all) {
    std::erase_if(all, [&](const auto& entry) {
      const Exec::State state = entry.second->state();
      return state.ended_at && *state.ended_at < oldest;
    });
  });
}

}  // namespace hull::engine
