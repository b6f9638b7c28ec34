#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>

#include "base/sys.h"
#include "linux/namespaces.h"
#include "runtime/init.h"
#include "runtime/plan.h"

namespace hull::runtime {
namespace {

using linux::DetachedMount;
using linux::MountAttributes;
using linux::Recursive;

/// What "linux.rootfsPropagation" says of clones; runc's default is to see the host's mounts, but not the reverse.
MountAttributes base_propagation(const InitPlan& plan) {
  MountAttributes attributes;
  attributes.propagation = plain_propagation(plan) == "private" ? MS_PRIVATE : MS_SLAVE;
  return attributes;
}

/// A clone stays what the host's mount is a peer of: what the container mounts there shows on the host.
bool stays_shared(const InitPlan& plan) { return plain_propagation(plan) == "shared"; }

bool is_id_mapped(const PlannedMount& planned) {
  return planned.options.id_mapped != IdMapped::kNo || !planned.mount->uid_mappings.empty();
}

Result<UniqueFd> mapping_of(const PlannedMount& planned, const spec::Linux& part) {
  const bool own = !planned.mount->uid_mappings.empty();
  const auto& uids = own ? planned.mount->uid_mappings : part.uid_mappings;
  const auto& gids = own ? planned.mount->gid_mappings : part.gid_mappings;
  if (uids.empty()) return invalid_argument("idmap without mappings and without a user namespace");
  return linux::make_user_namespace(id_ranges(uids), id_ranges(gids));
}

Result<void> map_owner(const PlannedMount& planned, const spec::Linux& part, const DetachedMount& clone) {
  if (!is_id_mapped(planned)) return {};
  const UniqueFd space = TRY(mapping_of(planned, part));
  MountAttributes attributes;
  attributes.set = MOUNT_ATTR_IDMAP;
  attributes.user_namespace = space;
  const auto depth = planned.options.id_mapped == IdMapped::kRecursive ? Recursive::kYes : Recursive::kNo;
  return clone.change(attributes, depth);
}

Result<void> set_attributes(const MountOptions& options, const DetachedMount& clone) {
  if (options.recursive_attributes.set || options.recursive_attributes.clear)
    TRY(clone.change(options.recursive_attributes, Recursive::kYes));
  if (options.attributes.set || options.attributes.clear) TRY(clone.change(options.attributes, Recursive::kNo));
  if (options.propagation == 0) return {};
  MountAttributes propagation;
  propagation.propagation = options.propagation;
  return clone.change(propagation, options.propagation_recursive);
}

bool may_not(const Error& error) { return error.number() == EPERM; }

bool left_to_init(const InitPlan& plan, const PlannedMount& planned) {
  const bool same_mounts = plan.new_namespaces & CLONE_NEWNS;
  return same_mounts && !plan.in_user_namespace() && !stays_shared(plan) && !is_id_mapped(planned);
}

}  // namespace

std::string_view plain_propagation(const InitPlan& plan) {
  const std::string_view name = plan.linux_part->rootfs_propagation;
  return name.substr(0, 1) == "r" ? name.substr(1) : name;
}

bool is_bind(const PlannedMount& planned) { return planned.options.bind != MountOptions::Bind::kNo; }

Result<void> clone_bind(const InitPlan& plan, PlannedMount& planned) {
  std::string source = planned.mount->source;
  // A relative source counts from the bundle (runtime-spec, config.md, "Mounts").
  if (source.substr(0, 1) != "/") source = plan.record->bundle() + "/" + source;
  const auto depth = planned.options.bind == MountOptions::Bind::kRecursive ? Recursive::kYes : Recursive::kNo;
  DetachedMount clone = TRY(DetachedMount::clone(source, depth));
  planned.source_is_directory = S_ISDIR(TRY(sys::fstat(clone.root())).st_mode);
  if (!stays_shared(plan)) TRY(clone.change(base_propagation(plan), Recursive::kYes));
  TRY(map_owner(planned, *plan.linux_part, clone));
  TRY(set_attributes(planned.options, clone));
  planned.clone = std::move(clone);
  return {};
}

Result<DetachedMount> clone_rootfs(const InitPlan& plan) {
  DetachedMount rootfs = TRY(DetachedMount::clone(plan.rootfs, Recursive::kYes).context("prepare rootfs"));
  if (!S_ISDIR(TRY(sys::fstat(rootfs.root())).st_mode))
    return invalid_argument("root.path: \"" + plan.rootfs + "\" is not a directory");
  // What is mounted on the rootfs itself is the container's alone; pivot_root(2) refuses a shared one as well. It gets
  // what the document says when all is mounted.
  if (!plan.in_mount_namespace()) {
    TRY(rootfs.change({.propagation = MS_PRIVATE}, Recursive::kYes));
  } else if (stays_shared(plan)) {
    TRY(rootfs.change({.propagation = MS_PRIVATE}, Recursive::kNo));
  } else {
    TRY(rootfs.change(base_propagation(plan), Recursive::kYes));
  }
  return rootfs;
}

Result<void> plan_mounts(InitPlan& plan) {
  auto rootfs = clone_rootfs(plan);
  if (!rootfs.ok() && !may_not(rootfs.error())) return std::move(rootfs).error();
  if (rootfs.ok()) plan.rootfs_mount = std::move(*rootfs);
  for (const spec::Mount& mount : plan.spec->mounts) {
    PlannedMount planned;
    planned.mount = &mount;
    planned.options = parse_mount_options(mount.options);
    // The type of a bind is a dummy ("none"); some leave the option out and say "bind" there.
    if (mount.type == "bind" && planned.options.bind == MountOptions::Bind::kNo)
      planned.options.bind = MountOptions::Bind::kYes;
    if (is_bind(planned)) {
      if (left_to_init(plan, planned)) {
        plan.mounts.push_back(std::move(planned));
        continue;
      }
      auto cloned = clone_bind(plan, planned);
      if (!cloned.ok() && !may_not(cloned.error()))
        return std::move(cloned).error().context("error mounting \"" + mount.source + "\" to rootfs at \"" +
                                                 mount.destination + "\"");
    } else if (is_id_mapped(planned)) {
      planned.id_map = TRY(mapping_of(planned, *plan.linux_part));
    }
    plan.mounts.push_back(std::move(planned));
  }
  return {};
}

}  // namespace hull::runtime
