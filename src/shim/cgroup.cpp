#include "shim/cgroup.h"

#include <fcntl.h>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::shim {
namespace {

/// Mount points of cgroup file systems: controller name to directory; "" is v2.
Result<std::map<std::string, std::string>> mount_points() {
  std::map<std::string, std::string> points;
  const std::string mounts = TRY(read_file("/proc/self/mountinfo"));
  for (const std::string_view line : split(mounts, '\n')) {
    const auto halves = cut(line, " - ");
    if (!halves) continue;
    const auto before = split(halves->before, ' ');
    const auto after = split(halves->after, ' ');
    if (before.size() < 5 || after.size() < 3) continue;
    const std::string point(before[4]);
    if (after[0] == "cgroup2") points.emplace("", point);
    if (after[0] != "cgroup") continue;
    for (const std::string_view option : split(after[2], ',')) points.emplace(std::string(option), point);
  }
  return points;
}

/// Controller to path of /proc/<pid>/cgroup; "" is v2.
Result<std::map<std::string, std::string>> paths_of(const std::string& pid) {
  std::map<std::string, std::string> paths;
  const std::string text = TRY(read_file("/proc/" + pid + "/cgroup"));
  for (const std::string_view line : split(text, '\n')) {
    const auto id = cut(line, ":");
    const auto rest = id ? cut(id->after, ":") : std::nullopt;
    if (!rest) continue;
    for (const std::string_view controller : split(rest->before, ','))
      paths.emplace(std::string(controller), std::string(rest->after));
  }
  return paths;
}

Result<void> collect(FdRef parent, const std::string& name, int depth, std::vector<pid_t>& pids) {
  if (depth > 32) return {};
  auto dir = TRY(sys::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  const std::string text = TRY(read_file(dir, "cgroup.procs"));
  for (const std::string_view line : split(text, '\n'))
    if (const auto pid = parse_integer<pid_t>(line); pid && *pid > 0) pids.push_back(*pid);
  for (const std::string& entry : TRY(list_directory(dir))) {
    const auto status = sys::fstatat(dir, entry, AT_SYMLINK_NOFOLLOW);
    if (status.ok() && S_ISDIR(status->st_mode)) (void)collect(dir, entry, depth + 1, pids).ok();
  }
  return {};
}

}  // namespace

Result<Cgroup> Cgroup::of_process(pid_t pid) {
  const auto points = TRY(mount_points());
  const auto paths = TRY(paths_of(std::to_string(pid)));
  const auto own = TRY(paths_of("self"));
  Cgroup cgroup;
  for (const auto& [controller, path] : paths) {
    const auto ours = own.find(controller);
    if (path == "/" || (ours != own.end() && ours->second == path)) continue;
    const auto point = points.find(controller.starts_with("name=") ? controller.substr(5) : controller);
    const auto named = points.find(controller);
    const std::string base = point != points.end() ? point->second : named != points.end() ? named->second : "";
    if (base.empty()) continue;
    (controller.empty() ? cgroup.unified_directory_ : cgroup.directories_[controller]) = base + path;
  }
  return cgroup;
}

std::string Cgroup::directory(const std::string& controller) const {
  const auto found = directories_.find(controller);
  return found == directories_.end() ? "" : found->second;
}

Result<void> join_cgroup(const std::string& path, pid_t pid) {
  bool joined = false;
  for (const auto& [controller, point] : TRY(mount_points())) {
    const std::string file = point + (path.starts_with("/") ? path : "/" + path) + "/cgroup.procs";
    if (!exists(file)) continue;
    TRY(write_existing(file, std::to_string(pid)));
    joined = true;
  }
  if (!joined) return not_found("cgroup " + path + " does not exist");
  return {};
}

Result<std::vector<pid_t>> Cgroup::processes() const {
  std::string directory = unified_directory_;
  for (const char* controller : {"pids", "devices", "memory", "cpu"})
    if (directories_.contains(controller)) directory = directories_.at(controller);
  if (directory.empty()) return not_found("the container has no cgroup of its own");
  std::vector<pid_t> pids;
  TRY(collect(FdRef(AT_FDCWD), directory, 0, pids));
  return pids;
}

}  // namespace hull::shim
