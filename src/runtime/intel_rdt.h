#pragma once

#include "base/rollback.h"
#include "runtime/record.h"
#include "runtime/stats.h"
#include "runtime/store.h"
#include "spec/runtime/linux.h"

/// linux.intelRdt: the container's group of resctrl and its group of counters. Source: OCI runtime-spec 1.3,
/// config-linux.md, "IntelRdt".
namespace hull::runtime {

/// Whether it makes sense and this machine can do it. Errors: kInvalidArgument, kUnimplemented; name field and value.
Result<void> check_intel_rdt(const spec::IntelRdt& rdt);

/// Makes or finds the group and writes its shares; puts it on record before it is there, as the cgroup.
/// Errors: kFailedPrecondition: a group of that closID is there with other shares, or none is and none may be made.
Result<void> make_intel_rdt(const spec::IntelRdt& rdt, const ContainerDirectory& directory, Record& record,
                            Rollback& undo);
/// Puts a process into the groups; what it forks later is in them. Without groups on record: nothing.
Result<void> enter_intel_rdt(const Record& record, pid_t pid);
/// Removes what was made.
Result<void> remove_intel_rdt(const Record& record);

/// What can't be read, and all of it without a group, stays empty.
RdtStats read_rdt_stats(const Record& record);

/// update: l3CacheSchema and memBwSchema of rdt take the place of what is in force. A container that has no group yet
/// gets one, with all its processes in it.
Result<void> update_intel_rdt(const spec::IntelRdt& rdt, const ContainerDirectory& directory, Record& record);

}  // namespace hull::runtime
