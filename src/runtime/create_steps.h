#pragma once

#include "base/rollback.h"
#include "runtime/create.h"
#include "runtime/plan.h"

/// Steps of create that restore takes as well.
namespace hull::runtime {

/// Absolute, cleaned.
std::string rootfs_of(const spec::RuntimeSpec& spec, const std::string& bundle);
/// What is known before anything is made.
Record first_record(const CreateOptions& options, const spec::RuntimeSpec& spec, const std::string& rootfs);
std::string cgroups_path(const CreateOptions& options, const spec::Linux& part);
/// Where the cgroup will be is on record before it is: delete finds it after a death at any step.
Result<void> make_cgroup(InitPlan& plan, Record& record, const ContainerDirectory& directory, const std::string& path,
                         Rollback& undo);
Result<void> plan_seccomp(InitPlan& plan, Record& record, const Store& store, const ContainerDirectory& directory);
/// Without a mount namespace of its own a container's mounts are the host's until then; no error where they are gone.
Result<void> unmount_rootfs(const Record& record);
/// prestart and createRuntime.
Result<void> run_runtime_hooks(const spec::RuntimeSpec& spec, const Record& record);
/// Puts the first process and its namespaces on record.
void note_init(Record& record, pid_t pid);

}  // namespace hull::runtime
