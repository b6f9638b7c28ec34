// A container's processes as images on disk (criu, through the runtime), and back.

#include "base/files.h"
#include "ipc/proto/shim/task_events.pb.h"
#include "shim/container.h"

namespace hull::shim {
namespace {

namespace events = containerd::events;

}  // namespace

void Container::checkpoint(const CheckpointSettings& settings, Done<void> done) {
  if (init_->state() != ProcessState::kRunning)
    return done(Error(Code::kFailedPrecondition,
                      "cannot checkpoint a " +
                          std::string(init_->state() == ProcessState::kStopped ? "stopped" : "created") + " task"));
  // criu's own log says what it could not do: it stays in the bundle until the task is deleted.
  const std::string work = settings.work_path.empty() ? criu_work() : settings.work_path;
  if (auto made = make_directories(work, 0700); !made.ok()) return done(made);
  std::vector<std::string> words{"checkpoint", "--image-path", settings.path, "--work-path", work};
  if (!settings.exit) words.push_back("--leave-running");
  if (settings.open_tcp) words.push_back("--tcp-established");
  if (settings.external_unix_sockets) words.push_back("--ext-unix-sk");
  if (settings.terminal) words.push_back("--shell-job");
  if (settings.file_locks) words.push_back("--file-locks");
  if (!settings.cgroups_mode.empty()) {
    words.push_back("--manage-cgroups-mode");
    words.push_back(settings.cgroups_mode);
  }
  for (const std::string& name : settings.empty_namespaces) {
    words.push_back("--empty-ns");
    words.push_back(name);
  }
  words.push_back(id_);
  runtime_.run(
      std::move(words), {},
      [self = shared_from_this(), path = settings.path, done = std::move(done)](const Result<std::string>& output) {
        if (!output.ok()) return done(runtime_failed(output.error(), "OCI runtime checkpoint failed"));
        events::TaskCheckpointed event;
        event.set_container_id(self->id_);
        event.set_checkpoint(path);
        self->publish("/tasks/checkpointed", event);
        done({});
      });
}

/// Start, for a container that was created from a checkpoint: until then there is no process.
void Container::restore_init(Done<pid_t> done) {
  const std::string work = criu_work();
  if (auto made = make_directories(work, 0700); !made.ok()) return done(made.error());
  init_->set_state(ProcessState::kStarting);
  std::vector<std::string> words{"restore",  "--detach",     "--bundle",  bundle_,       "--pid-file",
                                 pid_file(), "--image-path", checkpoint_, "--work-path", work};
  if (const Terminal* terminal = init_->terminal()) {
    words.push_back("--console-socket");
    words.push_back(terminal->socket_path());
  }
  if (settings_.no_pivot_root) words.push_back("--no-pivot");
  words.push_back(id_);
  runtime_.run(std::move(words), init_->child_stdio(),
               [self = shared_from_this(), done = std::move(done)](const Result<std::string>& output) {
                 auto adopted = output.ok() ? self->adopt_init() : Result<void>(output.error());
                 if (adopted.ok()) return self->init_started(output, done);
                 self->init_->set_state(ProcessState::kCreated);
                 const auto finish = [done, error = runtime_failed(adopted.error(), "OCI runtime restore failed")](
                                         const Result<std::string>&) { done(error); };
                 if (!output.ok() && !output.is(Code::kAborted)) return finish(output);
                 self->runtime_.run({"delete", "--force", self->id_}, {}, finish);
               });
}

}  // namespace hull::shim
