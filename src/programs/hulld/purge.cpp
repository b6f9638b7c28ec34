#include "programs/hulld/purge.h"

#include <sys/mount.h>

#include <algorithm>

#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "programs/hulld/data_root.h"
#include "programs/hulld/engine.h"
#include "programs/hulld/family_settings.h"
#include "programs/hulld/purge_by_force.h"
#include "programs/hulld/supervisor.h"

namespace hull::daemon {
namespace {

/// Mount points below a folder, deepest first. Source: proc_pid_mountinfo(5), field 5.
Result<std::vector<std::string>> mounts_below(const std::string& folder) {
  const std::string table = TRY(read_file("/proc/self/mountinfo"));
  std::vector<std::string> found;
  for (const std::string_view line : split(table, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() > 4 && fields[4].starts_with(folder + "/")) found.emplace_back(fields[4]);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

Result<void> unmount_below(const std::string& folder) {
  for (const std::string& target : TRY(mounts_below(folder))) {
    if (::umount2(target.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == -1)
      return Error::from_errno(errno, "unmount " + target);
  }
  return {};
}

/// All but what tells the next purge, and the next daemon, that this one was not done; that goes last.
Result<void> remove_data_root(const std::string& folder) {
  TRY(unmount_below(folder));
  for (const std::string& entry : TRY(list_directory(folder)))
    if (folder + "/" + entry != purge_mark(folder)) TRY(remove_tree(folder + "/" + entry));
  return remove_tree(folder);
}

/// The parent of our containers' cgroups, in each hierarchy; it stays where another engine uses it, too.
void remove_cgroup_parent(const std::string& parent) {
  for (const std::string& hierarchy : list_directory("/sys/fs/cgroup").value_or({}))
    (void)sys::rmdir("/sys/fs/cgroup/" + hierarchy + parent).ok();
  (void)sys::rmdir("/sys/fs/cgroup" + parent).ok();
}

Result<void> empty_by_supervisor(const Config& config, const DataRoot& root, const Supervisor& supervisor) {
  const auto engine = TRY(Engine::open(config, root.engine_id(), supervisor.socket));
  auto emptied = engine->remove_everything();
  engine->shut_down();
  return emptied;
}

/// Where our own supervisor is missing, or does not get on with what is left, its containers are ended without it.
Result<void> empty(const Config& config, const DataRoot& root) {
  auto supervisor = reach_supervisor(config);
  auto emptied = supervisor.ok() ? empty_by_supervisor(config, root, *supervisor) : Result<void>(supervisor.error());
  if (supervisor.ok() && supervisor->process) TRY(supervisor->process->end());
  if (emptied.ok() || !config.containerd.empty()) return emptied;
  logging::warn("removing containers without the supervisor", {{"error", emptied.error().message()}});
  return empty_by_force(config);
}

}  // namespace

Result<void> purge(const Config& config) {
  if (!exists(config.data_root)) return not_found("data root " + config.data_root + " does not exist");
  const auto root = TRY(DataRoot::claim(config.data_root, config.exec_root, DataRoot::Purged::kAccept));
  if (!exists(purge_mark(config.data_root))) {
    TRY(empty(config, root));
    // What the supervisor was still at when its client, an earlier purge, was killed.
    if (config.containerd.empty()) TRY(end_containers_by_force(config));
    TRY(replace_file(purge_mark(config.data_root), "", 0600));
  }
  remove_cgroup_parent(TRY(container_settings(config)).cgroup_parent);
  TRY(unmount_below(config.exec_root));
  TRY(remove_tree(config.exec_root));
  return remove_data_root(config.data_root);
}

}  // namespace hull::daemon
