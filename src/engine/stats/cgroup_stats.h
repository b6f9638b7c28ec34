#pragma once

#include "api/container/stats.h"
#include "linux/cgroup.h"

namespace hull::engine {

/// Fills in pids, block I/O, CPU and memory from the cgroup. What the host has no controller for stays zero.
/// host_memory: bytes, shown as the limit where there is none.
void read_cgroup_stats(const linux::Cgroup& cgroup, uint64_t host_memory, api::ContainerStats& stats);

}  // namespace hull::engine
