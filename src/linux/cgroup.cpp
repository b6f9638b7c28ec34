#include "linux/cgroup.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <set>
#include <thread>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::linux {
namespace {

constexpr mode_t kDirectoryMode = 0755;

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

Result<std::string> read_trimmed(const std::string& path) {
  const std::string text = TRY(read_file(path));
  return std::string(trim(text));
}

/// A new cpuset is empty, and no process may enter an empty one.
Result<void> inherit_cpuset(const std::string& directory) {
  for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
    if (!TRY(read_trimmed(directory + file)).empty()) continue;
    TRY(write_existing(directory + file, TRY(read_trimmed(parent_of(directory) + file))));
  }
  return {};
}

Result<void> make_level(const CgroupHierarchy& hierarchy, const std::string& directory) {
  if (auto made = sys::mkdir(directory, kDirectoryMode); !made.ok() && !made.is(Code::kAlreadyExists))
    return std::move(made).error();
  for (const std::string& controller : hierarchy.controllers)
    if (controller == "cpuset") TRY(inherit_cpuset(directory));
  return {};
}

/// v2: a controller works in a cgroup only where its parent hands it down.
Result<void> hand_down_controllers(const std::string& directory) {
  const std::string available = TRY(read_trimmed(directory + "/cgroup.controllers"));
  if (available.empty()) return {};
  for (const std::string_view controller : split(available, ' ')) {
    const std::string change = "+" + std::string(controller);
    // EBUSY: processes live in it (no internal processes rule); what is needed then fails later, by name.
    (void)write_existing(directory + "/cgroup.subtree_control", change);
  }
  return {};
}

Result<void> make_in(const CgroupHierarchy& hierarchy, const std::string& directory) {
  if (exists(directory) && !hierarchy.unified()) return make_level(hierarchy, directory);
  std::string level = hierarchy.mount_point;
  for (const std::string_view part : split(std::string_view(directory).substr(hierarchy.mount_point.size()), '/')) {
    if (part.empty()) continue;
    if (hierarchy.unified()) TRY(hand_down_controllers(level));
    level += "/" + std::string(part);
    TRY(make_level(hierarchy, level));
  }
  return {};
}

bool is_denied(const Error& error) {
  return error.number() == EACCES || error.number() == EPERM || error.number() == EROFS;
}

/// A directory that was there may be another user's.
Result<void> check_entry(const CgroupHierarchy& hierarchy, const std::string& directory) {
  const std::string file = directory + (hierarchy.unified() ? "/cgroup.procs" : "/tasks");
  if (::access(file.c_str(), W_OK) == -1) return Error::from_errno(errno, "open " + file);
  return {};
}

Result<void> remove_directories(const std::string& directory) {
  auto removed = sys::rmdir(directory);
  if (removed.ok() || removed.is(Code::kNotFound)) return {};
  auto names = list_directory(directory);
  if (!names.ok()) return {};
  for (const std::string& name : *names) {
    const std::string below = directory + "/" + name;
    const auto info = sys::lstat(below);
    if (info.ok() && S_ISDIR(info->st_mode)) TRY(remove_directories(below));
  }
  removed = sys::rmdir(directory);
  if (removed.is(Code::kNotFound)) return {};
  return removed;
}

Result<void> collect(const std::string& directory, std::set<pid_t>& pids) {
  auto text = read_file(directory + "/cgroup.procs");
  if (text.is(Code::kNotFound)) return {};
  const std::string list = TRY(std::move(text));
  for (const std::string_view line : split(list, '\n'))
    if (const auto pid = parse_integer<pid_t>(line); pid && *pid > 0) pids.insert(*pid);
  for (const std::string& name : TRY(list_directory(directory))) {
    const std::string below = directory + "/" + name;
    const auto info = sys::lstat(below);
    if (info.ok() && S_ISDIR(info->st_mode)) TRY(collect(below, pids));
  }
  return {};
}

/// Waits until the process has ended, a zombie included.
void wait_gone(pid_t pid, std::chrono::milliseconds timeout) {
  const auto pidfd = sys::pidfd_open(pid);
  if (pidfd.ok()) (void)sys::poll(*pidfd, POLLIN, timeout);
}

}  // namespace

Result<void> CgroupEntry::enter_v1() const {
  for (const UniqueFd& tasks : tasks_) {
    auto written = sys::write(tasks, "0");
    if (!written.ok()) return std::move(written).error().context("join cgroup");
  }
  return {};
}

Result<UniqueFd> open_unified_cgroup_of(pid_t pid) {
  const auto layout = TRY(CgroupLayout::detect());
  auto paths = parse_proc_cgroup(TRY(read_file("/proc/" + std::to_string(pid) + "/cgroup")));
  for (const CgroupHierarchy& hierarchy : layout.hierarchies)
    if (hierarchy.unified() && paths.count(""))
      return sys::open(hierarchy.mount_point + paths[""], O_RDONLY | O_DIRECTORY);
  return not_found("process " + std::to_string(pid) + " has no cgroup v2");
}

Result<Cgroup> Cgroup::create(const CgroupLayout& layout, const std::string& cgroups_path, Existing existing,
                              Denied denied) {
  std::map<std::string, std::string> paths;
  for (const CgroupHierarchy& hierarchy : layout.hierarchies) {
    const std::string directory = cgroup_directory(hierarchy, cgroups_path);
    auto made = make_in(hierarchy, directory);
    if (made.ok()) made = check_entry(hierarchy, directory);
    if (!made.ok() && denied == Denied::kLeaveOut && is_denied(made.error())) continue;
    TRY(std::move(made).context("create cgroup"));
    for (const std::string& controller : hierarchy.controllers) paths.emplace(controller, directory);
  }
  Cgroup cgroup(std::move(paths));
  if (existing == Existing::kRefuseProcesses) {
    const auto found = cgroup.directory("devices") ? cgroup.directory("devices") : cgroup.directory("");
    if (found && !trim(TRY(read_file(*found + "/cgroup.procs"))).empty())
      return failed_precondition("container's cgroup is not empty: " + *found);
  }
  return cgroup;
}

std::optional<std::string> Cgroup::directory(std::string_view controller) const {
  if (const auto found = paths_.find(std::string(controller)); found != paths_.end()) return found->second;
  // In a hybrid layout v2 has no controllers to speak of.
  if (unified_only()) return paths_.begin()->second;
  return std::nullopt;
}

namespace {

Result<void> check_below(const Cgroup::Below& below, const std::map<std::string, std::string>& paths) {
  for (const auto& [controller, path] : below) {
    if (!controller.empty() && !paths.count(controller))
      return invalid_argument("unknown controller " + controller + " in SubCgroupPaths");
    for (const std::string_view part : split(path, '/'))
      if (part == "..") return invalid_argument(path + " is not a sub cgroup path");
  }
  return {};
}

/// Controllers of one hierarchy share a directory, and can't be told apart in it.
std::string place_below(const Cgroup::Below& below, const std::map<std::string, std::string>& paths,
                        const std::string& directory) {
  if (const auto all = below.find(""); all != below.end()) return directory + "/" + all->second;
  for (const auto& [controller, path] : below)
    if (paths.at(controller) == directory) return directory + "/" + path;
  return directory;
}

}  // namespace

Result<CgroupEntry> Cgroup::open_entry(const Below& below) const {
  if (!paths_.empty()) TRY(check_below(below, paths_));
  CgroupEntry entry;
  std::set<std::string> seen;
  for (const auto& [controller, directory] : paths_) {
    if (!seen.insert(directory).second) continue;
    std::string place = place_below(below, paths_, directory);
    if (!controller.empty()) {
      entry.tasks_.push_back(TRY(sys::open(place + "/tasks", O_WRONLY)));
      continue;
    }
    // In a hybrid layout the controllers' cgroups are meant; v2 has one of that name or has not.
    if (!unified_only() && !hull::exists(place)) place = directory;
    entry.unified_ = TRY(sys::open(place, O_RDONLY | O_DIRECTORY));
  }
  return entry;
}

Result<void> Cgroup::write(std::string_view controller, const std::string& file, std::string_view value) const {
  const auto found = directory(controller);
  if (!found)
    return unimplemented("cannot set " + std::string(controller) + " limit: container could not join or create cgroup");
  auto written = write_existing(*found + "/" + file, value);
  if (!written.ok()) return std::move(written).error().context("write \"" + std::string(value) + "\"");
  return {};
}

Result<std::string> Cgroup::read(std::string_view controller, const std::string& file) const {
  const auto found = directory(controller);
  if (!found) return not_found("this machine has no cgroup controller " + std::string(controller));
  return read_trimmed(*found + "/" + file);
}

Result<Cgroup::Frozen> Cgroup::frozen() const {
  if (paths_.count("freezer")) {
    const std::string state = TRY(read("freezer", "freezer.state"));
    return state == "THAWED" ? Frozen::kNo : Frozen::kYes;
  }
  const std::string state = TRY(read("", "cgroup.freeze"));
  return state == "1" ? Frozen::kYes : Frozen::kNo;
}

namespace {

/// v1 has no event for it: FREEZING turns into FROZEN when the file is read after the last task stopped.
Result<void> freeze_v1(const Cgroup& cgroup, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  auto pause = std::chrono::microseconds(20);
  while (std::chrono::steady_clock::now() < deadline) {
    // Written anew each time: a task that forked meanwhile could keep the cgroup in FREEZING for ever (kernel,
    // freezer-subsystem.rst).
    TRY(cgroup.write("freezer", "freezer.state", "FROZEN"));
    if (TRY(cgroup.read("freezer", "freezer.state")) == "FROZEN") return {};
    std::this_thread::sleep_for(pause);  // lint: allow; v1 tells nobody when a cgroup is frozen
    pause = std::min(pause * 2, std::chrono::microseconds(5000));
  }
  (void)cgroup.write("freezer", "freezer.state", "THAWED");
  return Error(Code::kDeadlineExceeded, "unable to freeze");
}

Result<void> freeze_v2(const Cgroup& cgroup, std::chrono::milliseconds timeout) {
  const std::string directory = *cgroup.directory("");
  const UniqueFd events = TRY(sys::open(directory + "/cgroup.events", O_RDONLY));
  TRY(cgroup.write("", "cgroup.freeze", "1"));
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    if (TRY(cgroup.read("", "cgroup.events")).find("frozen 1") != std::string::npos) return {};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    (void)sys::poll(events, POLLPRI, left);
    char drained[256];
    (void)sys::pread(events, drained, 0);
  }
  (void)cgroup.write("", "cgroup.freeze", "0");
  return Error(Code::kDeadlineExceeded, "unable to freeze");
}

}  // namespace

Result<void> Cgroup::set_frozen(Frozen frozen, std::chrono::milliseconds timeout) const {
  if (paths_.count("freezer")) {
    if (frozen == Frozen::kNo) return write("freezer", "freezer.state", "THAWED");
    return freeze_v1(*this, timeout);
  }
  if (!paths_.count("")) return unimplemented("cannot toggle freezer: cgroups not configured for container");
  if (frozen == Frozen::kNo) return write("", "cgroup.freeze", "0");
  return freeze_v2(*this, timeout);
}

Result<std::vector<pid_t>> Cgroup::processes() const {
  std::set<pid_t> pids;
  auto found = directory("devices");
  if (!found) found = directory("");
  if (!found && !paths_.empty()) found = paths_.begin()->second;
  if (found) TRY(collect(*found, pids));
  return std::vector<pid_t>(pids.begin(), pids.end());
}

Result<void> Cgroup::kill_all(int signal) const {
  if (const auto unified = paths_.find(""); signal == SIGKILL && unified != paths_.end())
    if (write_existing(unified->second + "/cgroup.kill", "1").ok()) return {};
  for (const pid_t pid : TRY(processes())) (void)sys::kill(pid, signal);
  return {};
}

bool Cgroup::exists() const {
  for (const auto& [controller, directory] : paths_)
    if (hull::exists(directory)) return true;
  return false;
}

Result<void> Cgroup::remove() const {
  constexpr int kTries = 10;
  std::set<std::string> left;
  for (const auto& [controller, directory] : paths_) left.insert(directory);
  Result<void> outcome;
  for (int attempt = 0; attempt < kTries && !left.empty(); ++attempt) {
    if (attempt > 0) {
      auto pids = processes();
      if (pids.ok())
        for (const pid_t pid : *pids) wait_gone(pid, std::chrono::milliseconds(100));
      // A task that has ended leaves its cgroup a moment later; there is nothing to wait on for that.
      std::this_thread::sleep_for(std::chrono::milliseconds(1 << attempt));  // lint: allow
    }
    std::set<std::string> still;
    for (const std::string& directory : left) {
      outcome = remove_directories(directory);
      if (!outcome.ok()) still.insert(directory);
    }
    left = std::move(still);
  }
  if (left.empty()) return {};
  return std::move(outcome).context("remove cgroup");
}

}  // namespace hull::linux
