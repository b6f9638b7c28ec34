#include <sched.h>

#include "base/log.h"
#include "runtime/cgroup_limits.h"
#include "runtime/create_steps.h"
#include "runtime/systemd/annotations.h"

/// The container's cgroup: directories that we make, or a scope that systemd makes.
namespace hull::runtime {
namespace {

Result<linux::Cgroup> create_directories(const InitPlan& plan, const Record& record, const std::string& path) {
  // A scope has its holder in it.
  const auto existing = record.details.systemd_unit.empty() ? linux::Cgroup::Existing::kRefuseProcesses
                                                            : linux::Cgroup::Existing::kAccept;
  // Only what nobody asked for is left out.
  const bool optional = plan.rootless_cgroup && plan.linux_part->cgroups_path.empty();
  return linux::Cgroup::create(plan.layout, path, existing,
                               optional ? linux::Cgroup::Denied::kLeaveOut : linux::Cgroup::Denied::kFail);
}

/// Source: runc, cgroups/fs2, Apply, and libcontainer/process_linux.go.
Result<void> accept_no_cgroup(const InitPlan& plan, const spec::Resources& wanted) {
  const bool v2 = plan.layout.mode == linux::CgroupMode::kV2;
  if (v2 && !limits_v2(wanted).empty())
    return Error(Code::kPermissionDenied,
                 "rootless needs no limits + no cgrouppath when no permission is granted for cgroups");
  if (!v2) TRY(apply_limits(linux::Cgroup({}), wanted));
  if (!(plan.new_namespaces & CLONE_NEWPID))
    logging::warn("a container without cgroup and pid namespace: its processes can't all be killed", {});
  return {};
}

Result<systemd::ScopeName> plan_scope(const InitPlan& plan, const CreateOptions& options) {
  using systemd::Manager;
  const Manager manager = options.rootless_cgroup ? Manager::kUser : Manager::kSystem;
  if (manager == Manager::kUser && plan.layout.mode != linux::CgroupMode::kV2)
    return unimplemented("cannot use rootless systemd cgroups manager on cgroup v1");
  auto scope = TRY(systemd::parse_scope(plan.linux_part->cgroups_path, options.id, manager));
  if (manager == Manager::kUser) scope.above = TRY(systemd::cgroup_of_user_manager());
  return scope;
}

/// On record before it is there, as the cgroup.
Result<void> start_unit(const systemd::ScopeName& scope, const InitPlan& plan, CreatedContainer& made,
                        std::optional<systemd::ScopeHolder>& holder, Rollback& undo) {
  made.record.details.systemd_unit = scope.unit;
  made.record.details.systemd_user = scope.manager == systemd::Manager::kUser;
  TRY(made.directory.write_record(made.record));
  holder.emplace(TRY(systemd::ScopeHolder::start(scope, made.record.id, *plan.spec, plan.layout.mode)));
  undo.add([manager = scope.manager, unit = scope.unit] { return systemd::stop_scope(manager, unit); });
  return {};
}

/// Where the cgroup will be is on record before it is: delete finds it after a death at any step.
Result<void> make_at(InitPlan& plan, CreatedContainer& made, const std::string& path, Rollback& undo) {
  Record& record = made.record;
  for (const auto& hierarchy : plan.layout.hierarchies)
    for (const std::string& controller : hierarchy.controllers)
      record.cgroup_paths[controller] = linux::cgroup_directory(hierarchy, path);
  TRY(made.directory.write_record(record));
  undo.add([paths = record.cgroup_paths]() -> Result<void> {
    const linux::Cgroup made_there(paths);
    return made_there.remove();
  });
  const spec::Resources none;
  const spec::Resources& wanted = plan.linux_part->resources ? *plan.linux_part->resources : none;
  if (plan.layout.mode != linux::CgroupMode::kV2 && !wanted.unified.empty())
    return invalid_argument("linux.resources.unified: invalid configuration: cannot use unified on cgroup v1");
  record.details.resources = wanted;
  record.details.resources.devices.clear();
  const auto cgroup = TRY(create_directories(plan, record, path));
  record.cgroup_paths = cgroup.paths();
  if (cgroup.paths().empty()) return accept_no_cgroup(plan, wanted);
  TRY(apply_limits(cgroup, wanted).context("set cgroup limits"));
  auto devices = apply_devices(cgroup, with_default_devices(wanted.devices, plan.linux_part->devices));
  // Rules for devices need the host's root; an ordinary user can make no nodes, and has no others than it had before.
  if (!devices.ok() && !plan.rootless_cgroup) return std::move(devices).context("set cgroup devices");
  plan.cgroup_entry = TRY(cgroup.open_entry());
  return {};
}

}  // namespace

Result<void> check_scope(const CreateOptions& options, const spec::RuntimeSpec& spec) {
  if (!options.systemd_cgroup) return {};
  TRY(systemd::parse_scope(spec.linux_part->cgroups_path, options.id));
  TRY(systemd::annotated_properties(spec.annotations));
  return {};
}

Result<void> make_cgroup(InitPlan& plan, const CreateOptions& options, CreatedContainer& made,
                         std::optional<systemd::ScopeHolder>& holder, Rollback& undo) {
  const std::string& asked = plan.linux_part->cgroups_path;
  if (!options.systemd_cgroup) return make_at(plan, made, asked.empty() ? options.id : asked, undo);
  const auto scope = TRY(plan_scope(plan, options));
  TRY(start_unit(scope, plan, made, holder, undo));
  return make_at(plan, made, scope.cgroup_path(), undo);
}

}  // namespace hull::runtime
