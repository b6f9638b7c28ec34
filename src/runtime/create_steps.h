#pragma once

#include "base/rollback.h"
#include "runtime/create.h"
#include "runtime/plan.h"
#include "runtime/systemd/holder.h"

/// Steps of create that restore takes as well.
namespace hull::runtime {

/// Absolute, cleaned.
std::string rootfs_of(const spec::RuntimeSpec& spec, const std::string& bundle);
/// What is known before anything is made.
Record first_record(const CreateOptions& options, const spec::RuntimeSpec& spec, const std::string& rootfs);
/// Judges what the document says of a scope, before anything is made.
Result<void> check_scope(const CreateOptions& options, const spec::RuntimeSpec& spec);
/// Makes the cgroup with its limits. holder: set where systemd made it; to be kept until a process of the container is
/// in it.
Result<void> make_cgroup(InitPlan& plan, const CreateOptions& options, CreatedContainer& made,
                         std::optional<systemd::ScopeHolder>& holder, Rollback& undo);
Result<void> plan_seccomp(InitPlan& plan, Record& record, const Store& store, const ContainerDirectory& directory);
/// Without a mount namespace of its own a container's mounts are the host's until then; no error where they are gone.
Result<void> unmount_rootfs(const Record& record);
/// prestart and createRuntime.
Result<void> run_runtime_hooks(const spec::RuntimeSpec& spec, const Record& record);
/// Puts the first process and its namespaces on record.
void note_init(Record& record, pid_t pid);

}  // namespace hull::runtime
