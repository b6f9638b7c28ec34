#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>
#include <set>

#include "base/sys.h"
#include "base/text.h"
#include "runtime/rootfs.h"
#include "runtime/target.h"

namespace hull::runtime {
namespace {

using linux::CgroupHierarchy;
using linux::DetachedMount;
using linux::FilesystemContext;
using linux::Recursive;

/// The container's directory; where it got none of its own, that which it shares with the runtime.
Result<DetachedMount> bound_directory(const InitPlan& plan, const CgroupHierarchy& hierarchy, uint64_t attributes) {
  const auto found = plan.record->cgroup_paths.find(hierarchy.controllers.front());
  const bool own = found != plan.record->cgroup_paths.end();
  DetachedMount bound =
      TRY(DetachedMount::clone(own ? found->second : linux::own_cgroup_directory(hierarchy), Recursive::kYes));
  TRY(bound.change({.set = attributes}, Recursive::kYes));
  return bound;
}

Result<DetachedMount> fresh_mount(const CgroupHierarchy& hierarchy, uint64_t attributes) {
  FilesystemContext context = TRY(FilesystemContext::open(hierarchy.unified() ? "cgroup2" : "cgroup"));
  TRY(context.set("source", "cgroup"));
  for (const std::string& controller : hierarchy.controllers) {
    if (controller.substr(0, 5) == "name=") {
      TRY(context.set_flag("none"));
      TRY(context.set("name", controller.substr(5)));
    } else if (!controller.empty()) {
      TRY(context.set_flag(controller));
    }
  }
  return std::move(context).create(attributes);
}

/// In a cgroup namespace a fresh mount begins at the container's cgroup; without one, or where a user namespace does
/// not own it, that directory is bound.
Result<DetachedMount> hierarchy_mount(const InitPlan& plan, const CgroupHierarchy& hierarchy, uint64_t attributes) {
  if (!plan.new_cgroup_namespace) return bound_directory(plan, hierarchy, attributes);
  auto fresh = fresh_mount(hierarchy, attributes);
  const int problem = fresh.ok() ? 0 : fresh.error().number();
  if (problem == EPERM || problem == EBUSY) return bound_directory(plan, hierarchy, attributes);
  return fresh;
}

/// v1: a tmpfs with a directory for each hierarchy, and links for controllers that share one.
Result<void> mount_v1(const InitPlan& plan, FdRef target, const PlannedMount& planned) {
  FilesystemContext context = TRY(FilesystemContext::open("tmpfs"));
  TRY(context.set("source", "tmpfs"));
  TRY(context.set("mode", "755"));
  TRY(give_mount_label(context, plan, "tmpfs"));
  const uint64_t attributes = planned.options.attributes.set;
  DetachedMount top = TRY(std::move(context).create(attributes & ~uint64_t{MOUNT_ATTR_RDONLY}));
  const UniqueFd root = TRY(std::move(top).attach(target));
  for (const CgroupHierarchy& hierarchy : plan.layout.hierarchies) {
    const std::string name = split_path(hierarchy.mount_point).name;
    TRY(sys::mkdirat(root, name, 0755));
    const UniqueFd place = TRY(sys::openat(root, name, O_PATH | O_DIRECTORY | O_NOFOLLOW));
    TRY(TRY(hierarchy_mount(plan, hierarchy, attributes)).attach(place));
    if (hierarchy.controllers.size() < 2) continue;
    for (const std::string& controller : hierarchy.controllers)
      if (controller != name) TRY(sys::symlinkat(name, root, controller));
  }
  if (!planned.options.read_only()) return {};
  return linux::change_mount(root, {.set = MOUNT_ATTR_RDONLY}, Recursive::kNo);
}

}  // namespace

Result<void> mount_cgroups(const InitPlan& plan, const RootDir& root, const PlannedMount& planned) {
  const UniqueFd target = TRY(open_or_make(root, planned.mount->destination, TargetKind::kDirectory));
  TRY(check_inside_proc(target, planned));
  if (plan.layout.mode != linux::CgroupMode::kV2) return mount_v1(plan, target, planned);
  TRY(TRY(hierarchy_mount(plan, plan.layout.hierarchies.front(), planned.options.attributes.set)).attach(target));
  return {};
}

}  // namespace hull::runtime
