#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>

#include <cerrno>

#include "base/log.h"
#include "base/sys.h"
#include "linux/cgroup.h"
#include "linux/detached_mount.h"
#include "linux/process_attributes.h"
#include "runtime/create_steps.h"
#include "runtime/hooks.h"
#include "runtime/intel_rdt.h"
#include "runtime/systemd/scope.h"

namespace hull::runtime {
namespace {

using spec::ContainerStatus;

/// The first process by a descriptor, which names it for good: a pid that was looked at may be another's by now.
Result<UniqueFd> open_init(const Record& record) {
  UniqueFd init = TRY(sys::pidfd_open(record.init_pid));
  const auto stat = linux::process_stat(record.init_pid);
  if (!stat.ok() || stat->start_time != record.init_start_time) return not_found("the container's process has ended");
  return init;
}

/// Kills init, and with it its pid namespace; without one of its own, all that its cgroup holds.
Result<void> kill_and_wait(const Record& record) {
  constexpr auto kLongest = std::chrono::seconds(10);
  if (record.init_pid == 0) return {};
  const auto init = open_init(record);
  if (!init.ok()) return {};
  (void)sys::pidfd_send_signal(*init, SIGKILL);
  // A frozen process does not die (cgroup v1).
  (void)linux::Cgroup(record.cgroup_paths).set_frozen(linux::Cgroup::Frozen::kNo, kLongest);
  if (!TRY(sys::poll(*init, POLLIN, kLongest))) return Error(Code::kDeadlineExceeded, "container init still running");
  return {};
}

Result<void> destroy(const ContainerDirectory& directory, const Record& record) {
  const linux::Cgroup cgroup(record.cgroup_paths);
  // Processes of a shared pid namespace, or of a create that died half-way, outlive init.
  const auto left = cgroup.processes();
  if (left.ok() && !left->empty()) TRY(cgroup.kill_all(SIGKILL));
  if (!record.details.systemd_unit.empty())
    TRY(systemd::stop_scope(systemd::manager_of(record.details), record.details.systemd_unit));
  TRY(cgroup.remove());
  TRY(remove_intel_rdt(record));
  TRY(unmount_rootfs(record));
  TRY(directory.remove());
  if (!record.details.hooks) return {};
  const auto state = runtime_state(record, ContainerStatus::kStopped);
  // The container is gone; a hook that fails changes nothing about that (runtime-spec, runtime.md, "Lifecycle").
  run_hooks_to_the_end("poststop", record.details.hooks->poststop, state);
  return {};
}

}  // namespace

Result<void> unmount_rootfs(const Record& record) {
  const uint64_t ours = record.details.rootfs_mount;
  if (ours == 0) return {};
  auto root = sys::open(record.config.rootfs, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (root.is(Code::kNotFound)) return {};
  // By descriptor: the path may lead to another mount a moment later.
  const UniqueFd opened = TRY(std::move(root));
  if (TRY(linux::mount_id(opened)) != ours) return {};
  const std::string path = "/proc/self/fd/" + std::to_string(opened.get());
  if (::umount2(path.c_str(), MNT_DETACH) == -1) return Error::from_errno(errno, "unmount " + record.config.rootfs);
  return {};
}

Result<void> delete_container(const ContainerDirectory& directory, Force force) {
  auto read = directory.read_record();
  if (!read.ok()) {
    // A create that died before its first record left nothing but the directory.
    if (force == Force::kYes) return directory.remove();
    return std::move(read).error();
  }
  const Record record = TRY(std::move(read));
  const ContainerStatus status = TRY(status_of(record, directory));
  const bool alive = status == ContainerStatus::kRunning || status == ContainerStatus::kPaused;
  if (alive && force == Force::kNo)
    return failed_precondition("cannot delete container " + record.id +
                               " that is not stopped: " + std::string(json::name_of(status)));
  if (alive || status == ContainerStatus::kCreated) TRY(kill_and_wait(record));
  return destroy(directory, record);
}

void delete_ended(const ContainerDirectory& directory) {
  auto deleted = directory.lock();
  if (deleted.is(Code::kNotFound)) return;  // another command was faster
  if (deleted.ok()) deleted = delete_container(directory, Force::kYes);
  if (!deleted.ok()) logging::warn("delete container", {{"error", deleted.error().message()}});
}

}  // namespace hull::runtime
