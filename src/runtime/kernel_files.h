#pragma once

#include <map>
#include <string>

#include "base/fd.h"
#include "base/result.h"

/// Writes to files of procfs from inside a container. The container's own /proc could be anything by then, so a fresh
/// instance is used that is mounted nowhere: nothing can be put over its files (CVE-2019-16884, CVE-2025-52881).
namespace hull::runtime {

/// A procfs of this process's pid namespace, or where none may be made, what /proc is, if that is really procfs.
Result<UniqueFd> open_proc();
/// Keys as "net.ipv4.ip_forward" or with slashes.
Result<void> write_sysctls(const std::map<std::string, std::string>& values);
/// What the next exec of this process is labelled with. file: "attr/exec" or below.
Result<void> set_exec_profile(const std::string& file, const std::string& value);
/// A session keyring of the container's own, under the label of its processes where they have one.
Result<void> join_keyring(const std::string& container_id, const std::string& selinux_label);
/// Whether this user namespace forbids setgroups(2).
bool setgroups_denied();
/// New clocks for a new time namespace, which this process enters. Needs the host's /proc in sight.
Result<void> enter_time_namespace(const std::string& offsets);

}  // namespace hull::runtime
