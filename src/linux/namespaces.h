#pragma once

#include <sched.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace hull::linux {

struct Child {
  pid_t pid = 0;  ///< 0 in the child itself
  UniqueFd pidfd;
};

/// Forks by clone3(2) into new namespaces (CLONE_NEW*; CLONE_PARENT makes it a child of our parent) and, where a cgroup
/// v2 directory is given, into that cgroup. Only for programs without threads.
Result<Child> fork_into(uint64_t flags, FdRef cgroup = FdRef(-1));

/// setns(2); fd is a namespace, or a pidfd with any set of CLONE_NEW* flags.
Result<void> join_namespaces(FdRef fd, int flags);
Result<void> unshare(int flags);

/// One line of uid_map or gid_map.
struct IdRange {
  uint32_t inside = 0;
  uint32_t outside = 0;
  uint32_t count = 0;
};
std::string format_id_map(const std::vector<IdRange>& ranges);
/// Writes setgroups, gid_map and uid_map of the process, in the order that the kernel demands. As an ordinary user it
/// maps the own ids alone by itself and then denies setgroups; more it has newuidmap(1) and newgidmap(1) map.
/// Source: user_namespaces(7).
Result<void> map_ids(pid_t pid, const std::vector<IdRange>& uids, const std::vector<IdRange>& gids);
/// A user namespace that no process is in, for idmapped mounts.
Result<UniqueFd> make_user_namespace(const std::vector<IdRange>& uids, const std::vector<IdRange>& gids);

/// Whether both descriptors or paths name one namespace.
Result<bool> same_namespace(const std::string& path_a, const std::string& path_b);

}  // namespace hull::linux
