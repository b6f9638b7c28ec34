#pragma once

#include "linux/namespaces.h"

namespace hull::linux {

/// Has newuidmap(1) or newgidmap(1), found in PATH, write the map of a process: they may grant an ordinary user the ids
/// of /etc/subuid and /etc/subgid. Errors: kNotFound: it is not installed; kPermissionDenied, in its own words.
enum class MappingTool { kUids, kGids };
Result<void> map_by_tool(MappingTool tool, pid_t pid, const std::vector<IdRange>& ranges);

}  // namespace hull::linux
