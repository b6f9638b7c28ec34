#include "runtime/rootfs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"
#include "runtime/target.h"

namespace hull::runtime {
namespace {

using linux::DetachedMount;
using linux::FilesystemContext;
using linux::Recursive;

/// Nothing that is mounted from here on may show on the host, and pivot_root(2) refuses shared mounts as well. Binds
/// that are to be shared have been cloned before.
Result<void> leave_hosts_peers(const InitPlan& plan) {
  const unsigned long kind = plain_propagation(plan) == "private" ? MS_PRIVATE : MS_SLAVE;
  if (::mount("", "/", "", kind | MS_REC, nullptr) == -1) return Error::from_errno(errno, "set propagation of /");
  return {};
}

/// "shared" and "unbindable" go last: a mount could be made on neither.
Result<void> set_root_propagation(const InitPlan& plan, FdRef root) {
  const std::string_view kind = plain_propagation(plan);
  if (kind != "shared" && kind != "unbindable") return {};
  const bool recursive = kind.size() != plan.linux_part->rootfs_propagation.size();
  return linux::change_mount(root, {.propagation = kind == "shared" ? uint64_t{MS_SHARED} : uint64_t{MS_UNBINDABLE}},
                             recursive ? Recursive::kYes : Recursive::kNo);
}

/// What may be mounted below /proc: files that emulate a kernel's view (lxcfs), which no check of ours relies on.
/// Source: runc, checkProcMount.
constexpr std::string_view kAllowedInProc[] = {
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/uptime",
    "/proc/loadavg",
    "/proc/slabinfo",
    "/proc/sys/kernel/ns_last_pid",
    "/proc/sys/crypto/fips_enabled",
};

Result<bool> is_proc(const PlannedMount& planned) {
  if (!planned.clone) return planned.mount->type == "proc";
  return TRY(linux::filesystem_magic(planned.clone->root())) == PROC_SUPER_MAGIC;
}

Result<void> attach_bind(const InitPlan& plan, const RootDir& root, PlannedMount& planned) {
  if (!planned.clone) TRY(clone_bind(plan, planned));
  const TargetKind kind = planned.source_is_directory ? TargetKind::kDirectory : TargetKind::kFile;
  const UniqueFd target = TRY(open_or_make(root, planned.mount->destination, kind));
  TRY(check_inside_proc(target, planned));
  TRY(std::move(*planned.clone).attach(target));
  return {};
}

/// A tmpfs takes the mode of the image's directory that it covers, unless told.
Result<void> keep_mode(FilesystemContext& context, const std::string& data, FdRef target) {
  for (const std::string_view option : split(data, ','))
    if (option.substr(0, 5) == "mode=") return {};
  char octal[16];
  std::snprintf(octal, sizeof octal, "%o", TRY(sys::fstat(target)).st_mode & 07777);
  return context.set("mode", octal);
}

bool is_proc_or_sys(const std::string& type) { return type == "proc" || type == "sysfs"; }

Result<UniqueFd> open_mount_directory(const RootDir& root, const spec::Mount& mount) {
  UniqueFd target = TRY(open_or_make(root, mount.destination, TargetKind::kDirectory));
  if (!is_proc_or_sys(mount.type)) return target;
  // What is written to /proc and /sys later must not land elsewhere: no link may lead there (CVE-2023-27561).
  auto direct = root.open_without_links(mount.destination, O_PATH | O_DIRECTORY);
  if (!direct.ok())
    return invalid_argument("filesystem \"" + mount.type + "\" must be mounted on ordinary directory \"" +
                            mount.destination + "\"");
  return direct;
}

/// A message queue's file system takes no label when it is mounted; its root does, as a file.
Result<void> label_queues(const InitPlan& plan, const DetachedMount& made, std::string_view type) {
  const std::string& label = plan.linux_part->mount_label;
  if (label.empty() || type != "mqueue") return {};
  const UniqueFd opened = TRY(sys::openat(made.root(), ".", O_RDONLY | O_DIRECTORY));
  if (::fsetxattr(opened.get(), "security.selinux", label.data(), label.size(), 0) == -1)
    return Error::from_errno(errno, "set linux.mountLabel \"" + label + "\"");
  return {};
}

Result<void> mount_filesystem(const InitPlan& plan, const RootDir& root, const PlannedMount& planned) {
  const spec::Mount& mount = *planned.mount;
  const MountOptions& options = planned.options;
  const bool existed = root.open(mount.destination, O_PATH).ok();
  const UniqueFd target = TRY(open_mount_directory(root, mount));
  TRY(check_inside_proc(target, planned));
  FilesystemContext context = TRY(FilesystemContext::open(mount.type));
  TRY(context.set("source", mount.source.empty() ? mount.type : mount.source));
  const bool tmpfs = mount.type == "tmpfs";
  if (tmpfs && existed) TRY(keep_mode(context, options.data, target));
  TRY(context.set_options(options.data));
  for (const std::string& flag : options.superblock_flags) TRY(context.set_flag(flag));
  TRY(give_mount_label(context, plan, mount.type));
  // Read-only goes last for what is still to be filled: /dev gets its nodes, a copy its files.
  const bool fill_first = tmpfs && (options.copy_up || clean_path(mount.destination) == "/dev");
  uint64_t attributes = options.attributes.set | options.recursive_attributes.set;
  if (fill_first) attributes &= ~uint64_t{MOUNT_ATTR_RDONLY};
  DetachedMount made = TRY(std::move(context).create(attributes));
  TRY(label_queues(plan, made, mount.type));
  if (planned.id_map.valid())
    TRY(made.change({.set = MOUNT_ATTR_IDMAP, .user_namespace = planned.id_map}, Recursive::kNo).context("idmap"));
  if (tmpfs && options.copy_up) {
    const UniqueFd from = TRY(root.open(mount.destination, O_RDONLY | O_DIRECTORY));
    const UniqueFd into = TRY(sys::openat(made.root(), ".", O_RDONLY | O_DIRECTORY));
    TRY(copy_tree(from, into));
    if (options.read_only()) TRY(made.change({.set = MOUNT_ATTR_RDONLY}, Recursive::kNo));
  }
  const UniqueFd attached = TRY(std::move(made).attach(target));
  if (options.propagation == 0) return {};
  return linux::change_mount(attached, {.propagation = options.propagation}, options.propagation_recursive);
}

Result<void> mount_one(const InitPlan& plan, const RootDir& root, PlannedMount& planned) {
  if (is_bind(planned)) return attach_bind(plan, root, planned);
  if (planned.mount->type == "cgroup" || planned.mount->type == "cgroup2") return mount_cgroups(plan, root, planned);
  return mount_filesystem(plan, root, planned);
}

}  // namespace

Result<void> give_mount_label(FilesystemContext& context, const InitPlan& plan, std::string_view type) {
  const std::string& label = plan.linux_part->mount_label;
  if (label.empty() || type == "proc" || type == "sysfs" || type == "mqueue") return {};
  return context.set("context", label).context("linux.mountLabel \"" + label + "\"");
}

Result<void> check_inside_proc(FdRef target, const PlannedMount& planned) {
  const std::string path = clean_path(planned.mount->destination);
  if (path == "/proc" && !TRY(is_proc(planned)))
    return invalid_argument("\"" + path + "\" cannot be mounted because it is not of type proc");
  if (TRY(linux::filesystem_magic(target)) != PROC_SUPER_MAGIC || path == "/proc") return {};
  for (const std::string_view allowed : kAllowedInProc)
    if (path == allowed) return {};
  return invalid_argument("\"" + path + "\" cannot be mounted because it is inside /proc");
}

Result<RootDir> attach_rootfs(InitPlan& plan) {
  if (plan.in_mount_namespace()) TRY(leave_hosts_peers(plan));
  if (!plan.rootfs_mount) plan.rootfs_mount = TRY(clone_rootfs(plan));
  auto target = sys::open(plan.rootfs, O_PATH | O_DIRECTORY);
  // The root of a user namespace may not be allowed to walk there; any place that becomes "/" in the end will do.
  if (target.is(Code::kPermissionDenied)) target = sys::open("/", O_PATH | O_DIRECTORY);
  const UniqueFd place = TRY(std::move(target));
  UniqueFd root = TRY(std::move(*plan.rootfs_mount).attach(place).context("mount rootfs"));
  // On the host it became shared if the mount is that it was mounted on.
  if (!plan.in_mount_namespace()) TRY(linux::change_mount(root, {.propagation = MS_PRIVATE}, Recursive::kYes));
  return RootDir(std::move(root));
}

Result<void> mount_all(InitPlan& plan, const RootDir& root) {
  for (PlannedMount& planned : plan.mounts) {
    auto mounted = mount_one(plan, root, planned);
    if (mounted.ok()) continue;
    const spec::Mount& mount = *planned.mount;
    return std::move(mounted).error().context("error mounting \"" + (mount.source.empty() ? mount.type : mount.source) +
                                              "\" to rootfs at \"" + mount.destination + "\"");
  }
  return {};
}

Result<void> enter_rootfs(const InitPlan& plan, const RootDir& root) {
  if (!plan.in_mount_namespace()) return linux::change_root(root.fd());
  TRY(plan.pivot ? linux::pivot_into(root.fd()) : linux::move_into(root.fd()));
  return set_root_propagation(plan, root.fd());
}

}  // namespace hull::runtime
