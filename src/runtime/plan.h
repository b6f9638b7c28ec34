#pragma once

#include <sched.h>

#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "linux/cgroup.h"
#include "linux/detached_mount.h"
#include "runtime/mount_options.h"
#include "runtime/record.h"
#include "runtime/seccomp_cache.h"
#include "runtime/sync.h"
#include "spec/runtime/spec.h"

/// All that the container's first process needs, made by the runtime before it forks: the process inherits descriptors
/// and memory, so nothing is sent or looked up again.
namespace hull::runtime {

/// A mount of config.json. Init clones a bind in its turn, so that mountinfo lists mounts in the document's order
/// (Linux 6.8 and later go by the age of a mount). Where it lacks the host's rights or mounts, or must not be the
/// host's slave, the clone is made before it is, with its attributes set; who has no rights over the host's mounts
/// either has to leave that to init, too.
struct PlannedMount {
  const spec::Mount* mount = nullptr;
  MountOptions options{};
  std::optional<linux::DetachedMount> clone{};
  bool source_is_directory = true;
  /// Whose mapping a mount that is no bind gets; the clone of a bind has its mapping already.
  UniqueFd id_map{};
};

/// A namespace to join.
struct JoinedNamespace {
  UniqueFd fd;
  int flag = 0;  ///< CLONE_NEW*
};

struct InitPlan {
  const spec::RuntimeSpec* spec = nullptr;
  const spec::Linux* linux_part = nullptr;
  const Record* record = nullptr;
  std::string rootfs;  ///< absolute path on the host
  bool pivot = true;
  bool new_keyring = true;
  bool rootless_cgroup = false;
  bool staged = false;  ///< made by the process in between, see sync.h
  unsigned preserved_fds = 0;
  uint64_t new_namespaces = 0;  ///< CLONE_NEW*, without the cgroup namespace
  bool new_cgroup_namespace = false;
  std::vector<JoinedNamespace> joined{};
  linux::CgroupLayout layout{};
  linux::CgroupEntry cgroup_entry{};
  std::optional<linux::DetachedMount> rootfs_mount{};
  std::vector<PlannedMount> mounts{};
  std::optional<SeccompProgram> seccomp{};
  UniqueFd fifo;
  UniqueFd console_socket;
  /// Descriptors that init must not keep: the lock of the container, which would outlive the command that holds it, and
  /// the runtime's end of the socket, without whose end init could not see the runtime die.
  std::vector<int> runtime_only{};
  SyncSocket sync;  ///< init's end

  explicit InitPlan(SyncSocket init_end) : sync(std::move(init_end)) {}
  /// Whether one is still to be made.
  bool new_user_namespace() const { return new_namespaces & CLONE_NEWUSER; }
  /// Whether the container's root is not the host's: it can't make device nodes.
  bool in_user_namespace() const { return record->details.namespaces & CLONE_NEWUSER; }
  /// Whether the user's systemd puts the first process into its cgroup.
  bool attached_by_systemd() const { return record->details.systemd_user; }
  /// Whether mounts are those of a namespace; else they are the host's, until delete.
  bool in_mount_namespace() const { return record->details.namespaces & CLONE_NEWNS; }
};

/// Fills rootfs_mount and mounts from the document. Errors name the mount.
Result<void> plan_mounts(InitPlan& plan);
/// "linux.rootfsPropagation" without its "r".
std::string_view plain_propagation(const InitPlan& plan);
bool is_bind(const PlannedMount& planned);
/// The source of a bind, and the rootfs, as detached mounts.
Result<void> clone_bind(const InitPlan& plan, PlannedMount& planned);
Result<linux::DetachedMount> clone_rootfs(const InitPlan& plan);

}  // namespace hull::runtime
