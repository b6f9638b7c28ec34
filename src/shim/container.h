#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/result.h"
#include "shim/cgroup.h"
#include "shim/oci_runtime.h"
#include "shim/oom_watch.h"
#include "shim/process.h"
#include "shim/publisher.h"
#include "shim/reaper.h"
#include "shim/rootfs.h"

namespace hull::shim {

/// Console sockets are called like the shim's own, with this and a number.
inline constexpr const char* kConsoleSuffix = ".pty";

/// What every container of a shim uses.
struct Host {
  EventLoop& loop;
  Reaper& reaper;
  Publisher& publisher;
  std::string container_namespace;
  std::string socket_prefix;  ///< of console sockets' names
};

struct ContainerSettings {
  RuntimeSettings runtime;
  Owner io_owner;
  bool no_pivot_root = false;
  bool no_new_keyring = false;
  std::string criu_work_path;  ///< criu's logs; empty: the bundle
};

/// What a checkpoint takes along, and what becomes of the container.
struct CheckpointSettings {
  std::string path;       ///< where the images go
  std::string work_path;  ///< criu's logs; empty: where the container's options want them
  bool exit = false;      ///< the container ends with it
  bool open_tcp = false;
  bool external_unix_sockets = false;
  bool terminal = false;
  bool file_locks = false;
  std::vector<std::string> empty_namespaces;
  std::string cgroups_mode;
};

/// A container and its processes.
///
///     create        start          exit           remove
///     ───────► created ───► running ───► stopped ────────► gone
///                  └──────────────────────▲ (ended, or removed, before it was started)
///
/// Operations that need the OCI runtime end by calling `done` from the loop; several may be under way. Every exit is
/// kept until remove(). Events are published in the order in which things happened.
class Container : public std::enable_shared_from_this<Container> {
 public:
  template <class T>
  using Done = std::function<void(Result<T>)>;

  Container(const Host& host, std::string id, std::string bundle, ContainerSettings settings);

  const std::string& id() const { return id_; }
  const std::string& bundle() const { return bundle_; }
  bool paused() const { return paused_; }
  Process& init() { return *init_; }
  /// Errors: kNotFound. An empty id is the first process.
  Result<Process*> find(const std::string& exec_id);
  const std::map<std::string, std::shared_ptr<Process>>& execs() const { return execs_; }

  /// Mounts the root file system and has the runtime make the container. On an error nothing is left.
  /// checkpoint: images from which start() restores it; until then there is no process, and the pid is 0. Mostly empty.
  void create(StdioPaths paths, std::vector<MountRequest> rootfs, std::string checkpoint, Done<pid_t> done);
  /// Errors: kFailedPrecondition: it does not run; else the runtime's.
  void checkpoint(const CheckpointSettings& settings, Done<void> done);
  void start(const std::string& exec_id, Done<pid_t> done);
  /// Adds a process; start() runs it.
  Result<void> add_exec(const std::string& exec_id, StdioPaths paths, std::string spec);
  /// Forgets a process that has ended or never ran, and with the first one the container.
  void remove(const std::string& exec_id, Done<std::shared_ptr<Process>> done);
  enum class Scope { kProcess, kAll };
  void kill(const std::string& exec_id, int signal, Scope scope, Done<void> done);
  void pause(Done<void> done);
  void resume(Done<void> done);
  /// resources: OCI linux.resources, JSON.
  void update(const std::string& resources, Done<void> done);
  /// Errors: kNotFound where the container has no cgroup.
  Result<Cgroup> cgroup() const;

 private:
  void run_create(Done<pid_t> done);
  void undo_create();
  void created(const Result<std::string>& output, const Done<pid_t>& done);
  Result<void> adopt_init();
  void announce_created(const Done<pid_t>& done);
  void start_init(Done<pid_t> done);
  void restore_init(Done<pid_t> done);
  std::string criu_work() const {
    return settings_.criu_work_path.empty() ? bundle_ + "/criu-work" : settings_.criu_work_path;
  }
  void ask_status(std::function<void(const std::string&)> done);
  void init_started(const Result<std::string>& output, const Done<pid_t>& done);
  void start_exec(const std::shared_ptr<Process>& process, Done<pid_t> done);
  void run_exec(const std::shared_ptr<Process>& process, Done<pid_t> done);
  void exec_ended(const std::shared_ptr<Process>& process, const Result<std::string>& output, const Done<pid_t>& done);
  void exec_failed(Process& process, const Error& error, const Done<pid_t>& done);
  void end_unannounced(const Process& process);
  Result<void> exec_started(const std::shared_ptr<Process>& process);
  void watch_exit(const std::shared_ptr<Process>& process);
  void on_exit(Process& process, ExitReport report);
  void deliver_exit(Process& process, ExitReport report);
  void kill_leftovers();
  void remove_init(Done<std::shared_ptr<Process>> done);
  void finish_removal(const Done<std::shared_ptr<Process>>& done);
  void watch_memory();
  void tell_oom();
  enum class Frozen { kNo, kYes };
  OciRuntime::Done freezer_told(Frozen wanted, Done<void> done);
  void set_paused(Frozen now);
  template <class Event>
  void publish(const char* topic, const Event& event) {
    host_.publisher.publish(topic, event.GetTypeName(), event.SerializeAsString());
  }
  std::string rootfs() const { return bundle_ + "/rootfs"; }
  std::string pid_file() const { return bundle_ + "/init.pid"; }
  /// Of an exec: clients choose its name, which may well be "init".
  std::string file_of(const Process& process, const char* suffix) const {
    return bundle_ + "/exec-" + process.exec_id + suffix;
  }
  std::string socket_path();
  Result<void> open_stdio(Process& process);

  Host host_;
  const std::string id_;
  const std::string bundle_;
  const ContainerSettings settings_;
  OciRuntime runtime_;
  std::shared_ptr<Process> init_;
  std::map<std::string, std::shared_ptr<Process>> execs_;
  std::map<Process*, ExitReport> early_exits_;  // of processes whose start is still to be announced
  std::string checkpoint_;                      // empty: a new container
  std::optional<Cgroup> cgroup_;
  std::unique_ptr<OomWatch> oom_watch_;
  bool early_oom_ = false;
  bool paused_ = false;
  bool mounted_ = false;
  bool removing_ = false;
};

}  // namespace hull::shim
