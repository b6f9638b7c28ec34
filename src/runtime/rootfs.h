#pragma once

#include "base/result.h"
#include "base/root_dir.h"
#include "runtime/plan.h"

/// The container's file tree, built while the host's is still in sight. All paths go through RootDir, all mounts by
/// descriptor; the steps stand in the order in which init takes them.
namespace hull::runtime {

/// Cuts this mount namespace's ties to the host's and puts the rootfs in place.
Result<RootDir> attach_rootfs(InitPlan& plan);
/// Mounts what config.json lists, in its order.
Result<void> mount_all(InitPlan& plan, const RootDir& root);
/// Device nodes and links in /dev, unless the document binds a /dev of its own.
/// Source: runtime-spec, config-linux.md, "Default Devices", and runtime-linux.md, "Dev symbolic links".
Result<void> make_devices(const InitPlan& plan, const RootDir& root);
/// Hides masked paths and makes read-only what must be, the rootfs last.
Result<void> protect_paths(const InitPlan& plan, const RootDir& root);
/// Makes the rootfs "/"; the host's mounts are gone then.
Result<void> enter_rootfs(const InitPlan& plan, const RootDir& root);

/// Nothing but procfs is mounted on /proc, and nothing below it but a few harmless files: a cover there would swallow
/// what is written to sysctls and labels (CVE-2019-16884, CVE-2025-52881). Judged by where the target is, not by name.
Result<void> check_inside_proc(FdRef target, const PlannedMount& planned);
/// A mount of the cgroup hierarchies, as the container may see them.
Result<void> mount_cgroups(const InitPlan& plan, const RootDir& root, const PlannedMount& planned);
/// linux.mountLabel for a file system that takes one; the kernel labels procfs and sysfs itself. Source: runc.
Result<void> give_mount_label(linux::FilesystemContext& context, const InitPlan& plan, std::string_view type);
/// Copies a directory's content into another directory (tmpcopyup).
Result<void> copy_tree(FdRef from, FdRef to);

}  // namespace hull::runtime
