#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "linux/cgroup.h"

/// What `events --stats` shows of a cgroup. Source: runc, types/events.go, for the names.
namespace hull::runtime {

/// How much of the time tasks waited. Source: kernel, accounting/psi.rst.
struct PressureLine {
  double avg10 = 0;  ///< percent, as the next ones
  double avg60 = 0;
  double avg300 = 0;
  uint64_t total = 0;  ///< microseconds
};
template <class V>
void describe(V& json, PressureLine& line) {
  json.field("avg10", line.avg10);
  json.field("avg60", line.avg60);
  json.field("avg300", line.avg300);
  json.field("total", line.total);
}

struct Pressure {
  PressureLine some{};
  PressureLine full{};
};
template <class V>
void describe(V& json, Pressure& pressure) {
  json.field("some", pressure.some);
  json.field("full", pressure.full);
}

struct CpuUsage {
  uint64_t total = 0;  ///< nanoseconds, as the next ones
  std::vector<uint64_t> percpu{};
  std::vector<uint64_t> percpu_kernel{};
  std::vector<uint64_t> percpu_user{};
  uint64_t kernel = 0;
  uint64_t user = 0;
};
template <class V>
void describe(V& json, CpuUsage& usage) {
  json.omit_empty("total", usage.total);
  json.omit_empty("percpu", usage.percpu);
  json.omit_empty("percpu_kernel", usage.percpu_kernel);
  json.omit_empty("percpu_user", usage.percpu_user);
  json.field("kernel", usage.kernel);
  json.field("user", usage.user);
}

struct Throttling {
  uint64_t periods = 0;
  uint64_t throttled_periods = 0;
  uint64_t throttled_time = 0;  ///< nanoseconds
};
template <class V>
void describe(V& json, Throttling& throttling) {
  json.omit_empty("periods", throttling.periods);
  json.omit_empty("throttledPeriods", throttling.throttled_periods);
  json.omit_empty("throttledTime", throttling.throttled_time);
}

struct CpuStats {
  CpuUsage usage{};
  Throttling throttling{};
  std::optional<Pressure> psi{};
};
template <class V>
void describe(V& json, CpuStats& cpu) {
  json.field("usage", cpu.usage);
  json.field("throttling", cpu.throttling);
  json.optional("psi", cpu.psi);
}

struct CpusetStats {
  std::vector<uint16_t> cpus{};
  uint64_t cpu_exclusive = 0;
  std::vector<uint16_t> mems{};
  uint64_t mem_hardwall = 0;
  uint64_t mem_exclusive = 0;
  uint64_t memory_migrate = 0;
  uint64_t memory_spread_page = 0;
  uint64_t memory_spread_slab = 0;
  uint64_t memory_pressure = 0;
  uint64_t sched_load_balance = 0;
  int64_t sched_relax_domain_level = 0;
};
template <class V>
void describe(V& json, CpusetStats& set) {
  json.omit_empty("cpus", set.cpus);
  json.field("cpu_exclusive", set.cpu_exclusive);
  json.omit_empty("mems", set.mems);
  json.field("mem_hardwall", set.mem_hardwall);
  json.field("mem_exclusive", set.mem_exclusive);
  json.field("memory_migrate", set.memory_migrate);
  json.field("memory_spread_page", set.memory_spread_page);
  json.field("memory_spread_slab", set.memory_spread_slab);
  json.field("memory_pressure", set.memory_pressure);
  json.field("sched_load_balance", set.sched_load_balance);
  json.field("sched_relax_domain_level", set.sched_relax_domain_level);
}

struct MemoryEntry {
  uint64_t limit = 0;  ///< bytes; the largest number where there is none
  uint64_t usage = 0;
  uint64_t max = 0;
  uint64_t failcnt = 0;
};
template <class V>
void describe(V& json, MemoryEntry& entry) {
  json.field("limit", entry.limit);
  json.omit_empty("usage", entry.usage);
  json.omit_empty("max", entry.max);
  json.field("failcnt", entry.failcnt);
}

struct MemoryStats {
  uint64_t cache = 0;
  MemoryEntry usage{};
  MemoryEntry swap{};
  MemoryEntry kernel{};
  MemoryEntry kernel_tcp{};
  std::map<std::string, uint64_t> raw{};
  std::optional<Pressure> psi{};
};
template <class V>
void describe(V& json, MemoryStats& memory) {
  json.omit_empty("cache", memory.cache);
  json.field("usage", memory.usage);
  json.field("swap", memory.swap);
  json.field("kernel", memory.kernel);
  json.field("kernelTCP", memory.kernel_tcp);
  json.omit_empty("raw", memory.raw);
  json.optional("psi", memory.psi);
}

struct PidsStats {
  uint64_t current = 0;
  uint64_t limit = 0;  ///< 0: none
};
template <class V>
void describe(V& json, PidsStats& pids) {
  json.omit_empty("current", pids.current);
  json.omit_empty("limit", pids.limit);
}

struct BlockEntry {
  uint64_t major = 0;
  uint64_t minor = 0;
  std::string op;
  uint64_t value = 0;
};
template <class V>
void describe(V& json, BlockEntry& entry) {
  json.omit_empty("major", entry.major);
  json.omit_empty("minor", entry.minor);
  json.omit_empty("op", entry.op);
  json.omit_empty("value", entry.value);
}

struct BlockStats {
  std::vector<BlockEntry> bytes{};
  std::vector<BlockEntry> operations{};
  std::vector<BlockEntry> queued{};
  std::vector<BlockEntry> service_time{};
  std::vector<BlockEntry> wait_time{};
  std::vector<BlockEntry> merged{};
  std::vector<BlockEntry> time{};
  std::vector<BlockEntry> sectors{};
  std::optional<Pressure> psi{};
};
template <class V>
void describe(V& json, BlockStats& block) {
  json.omit_empty("ioServiceBytesRecursive", block.bytes);
  json.omit_empty("ioServicedRecursive", block.operations);
  json.omit_empty("ioQueueRecursive", block.queued);
  json.omit_empty("ioServiceTimeRecursive", block.service_time);
  json.omit_empty("ioWaitTimeRecursive", block.wait_time);
  json.omit_empty("ioMergedRecursive", block.merged);
  json.omit_empty("ioTimeRecursive", block.time);
  json.omit_empty("sectorsRecursive", block.sectors);
  json.optional("psi", block.psi);
}

struct HugetlbStats {
  uint64_t usage = 0;
  uint64_t max = 0;
  uint64_t failcnt = 0;
};
template <class V>
void describe(V& json, HugetlbStats& pages) {
  json.omit_empty("usage", pages.usage);
  json.omit_empty("max", pages.max);
  json.field("failcnt", pages.failcnt);
}

struct CacheInfo {
  std::string cbm_mask{};
  uint64_t min_cbm_bits = 0;
  uint64_t num_closids = 0;
};
template <class V>
void describe(V& json, CacheInfo& info) {
  json.omit_empty("cbm_mask", info.cbm_mask);
  json.omit_empty("min_cbm_bits", info.min_cbm_bits);
  json.omit_empty("num_closids", info.num_closids);
}

struct BandwidthInfo {
  uint64_t bandwidth_gran = 0;
  uint64_t delay_linear = 0;
  uint64_t min_bandwidth = 0;
  uint64_t num_closids = 0;
};
template <class V>
void describe(V& json, BandwidthInfo& info) {
  json.omit_empty("bandwidth_gran", info.bandwidth_gran);
  json.omit_empty("delay_linear", info.delay_linear);
  json.omit_empty("min_bandwidth", info.min_bandwidth);
  json.omit_empty("num_closids", info.num_closids);
}

/// Of one domain of the L3 cache, bytes.
struct BandwidthCount {
  uint64_t total = 0;
  uint64_t local = 0;
};
template <class V>
void describe(V& json, BandwidthCount& count) {
  json.omit_empty("mbm_total_bytes", count.total);
  json.omit_empty("mbm_local_bytes", count.local);
}

struct OccupancyCount {
  uint64_t bytes = 0;
};
template <class V>
void describe(V& json, OccupancyCount& count) {
  json.omit_empty("llc_occupancy", count.bytes);
}

struct RdtStats {
  std::optional<CacheInfo> cache{};
  std::string cache_schema_of_root{};
  std::string cache_schema{};
  std::optional<BandwidthInfo> bandwidth{};
  std::string bandwidth_schema_of_root{};
  std::string bandwidth_schema{};
  std::vector<BandwidthCount> bandwidth_counts{};
  std::vector<OccupancyCount> occupancy_counts{};
};
template <class V>
void describe(V& json, RdtStats& rdt) {
  json.optional("l3_cache_info", rdt.cache);
  json.omit_empty("l3_cache_schema_root", rdt.cache_schema_of_root);
  json.omit_empty("l3_cache_schema", rdt.cache_schema);
  json.optional("mem_bw_info", rdt.bandwidth);
  json.omit_empty("mem_bw_schema_root", rdt.bandwidth_schema_of_root);
  json.omit_empty("mem_bw_schema", rdt.bandwidth_schema);
  json.omit_empty("mbm_stats", rdt.bandwidth_counts);
  json.omit_empty("cmt_stats", rdt.occupancy_counts);
}

struct NoStats {};
template <class V>
void describe(V&, NoStats&) {}

struct Stats {
  CpuStats cpu{};
  CpusetStats cpuset{};
  MemoryStats memory{};
  PidsStats pids{};
  BlockStats block{};
  std::map<std::string, HugetlbStats> hugetlb{};  ///< by page size, "2MB"
  RdtStats intel_rdt{};
  std::optional<NoStats> network_interfaces{};  ///< runc's null: a container's interfaces are not the runtime's
};
template <class V>
void describe(V& json, Stats& stats) {
  json.field("cpu", stats.cpu);
  json.field("cpuset", stats.cpuset);
  json.field("memory", stats.memory);
  json.field("pids", stats.pids);
  json.field("blkio", stats.block);
  json.field("hugetlb", stats.hugetlb);
  json.field("intel_rdt", stats.intel_rdt);
  json.nullable("network_interfaces", stats.network_interfaces);
}

/// What can't be read, as its controller is missing, stays zero.
Stats read_stats(const linux::Cgroup& cgroup);

}  // namespace hull::runtime
