#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/time.h"

/// GET /containers/{id}/stats. Source: Engine API 1.51, ContainerStatsResponse.
namespace hull::api {

struct PidsStats {
  uint64_t current = 0;
  uint64_t limit = 0;  ///< 0: none
};
template <class V>
void describe(V& json, PidsStats& pids) {
  json.omit_empty("current", pids.current);
  json.omit_empty("limit", pids.limit);
}

struct BlockIoEntry {
  uint64_t major = 0;
  uint64_t minor = 0;
  std::string op{};  ///< "Read", "Write" … on cgroup v1, "read" and "write" on v2
  uint64_t value = 0;
};
template <class V>
void describe(V& json, BlockIoEntry& entry) {
  json.field("major", entry.major);
  json.field("minor", entry.minor);
  json.field("op", entry.op);
  json.field("value", entry.value);
}
using BlockIoEntries = std::optional<std::vector<BlockIoEntry>>;

/// Those after the second exist on cgroup v1 only, and only with kernels of before 5.0.
struct BlockIoStats {
  BlockIoEntries service_bytes{};
  BlockIoEntries serviced{};
  BlockIoEntries queued{};
  BlockIoEntries service_time{};
  BlockIoEntries wait_time{};
  BlockIoEntries merged{};
  BlockIoEntries time{};
  BlockIoEntries sectors{};
};
template <class V>
void describe(V& json, BlockIoStats& io) {
  json.nullable("io_service_bytes_recursive", io.service_bytes);
  json.nullable("io_serviced_recursive", io.serviced);
  json.nullable("io_queue_recursive", io.queued);
  json.nullable("io_service_time_recursive", io.service_time);
  json.nullable("io_wait_time_recursive", io.wait_time);
  json.nullable("io_merged_recursive", io.merged);
  json.nullable("io_time_recursive", io.time);
  json.nullable("sectors_recursive", io.sectors);
}

/// Nanoseconds.
struct CpuUsage {
  uint64_t total = 0;
  std::vector<uint64_t> by_cpu{};  ///< cgroup v1 only
  uint64_t in_kernel = 0;
  uint64_t in_user = 0;
};
template <class V>
void describe(V& json, CpuUsage& usage) {
  json.field("total_usage", usage.total);
  json.omit_empty("percpu_usage", usage.by_cpu);
  json.field("usage_in_kernelmode", usage.in_kernel);
  json.field("usage_in_usermode", usage.in_user);
}

struct ThrottlingStats {
  uint64_t periods = 0;
  uint64_t throttled_periods = 0;
  uint64_t throttled_time = 0;  ///< nanoseconds
};
template <class V>
void describe(V& json, ThrottlingStats& throttling) {
  json.field("periods", throttling.periods);
  json.field("throttled_periods", throttling.throttled_periods);
  json.field("throttled_time", throttling.throttled_time);
}

struct CpuStats {
  CpuUsage usage{};
  uint64_t system_usage = 0;  ///< nanoseconds that all CPUs of the host had, busy or idle
  uint32_t online_cpus = 0;
  ThrottlingStats throttling{};
};
template <class V>
void describe(V& json, CpuStats& cpu) {
  json.field("cpu_usage", cpu.usage);
  json.omit_empty("system_cpu_usage", cpu.system_usage);
  json.omit_empty("online_cpus", cpu.online_cpus);
  json.field("throttling_data", cpu.throttling);
}

struct MemoryStats {
  uint64_t usage = 0;
  uint64_t max_usage = 0;                   ///< cgroup v1 only, as is fail_count
  std::map<std::string, uint64_t> stats{};  ///< as in memory.stat
  uint64_t fail_count = 0;
  uint64_t limit = 0;  ///< the host's memory where there is none
};
template <class V>
void describe(V& json, MemoryStats& memory) {
  json.omit_empty("usage", memory.usage);
  json.omit_empty("max_usage", memory.max_usage);
  json.omit_empty("stats", memory.stats);
  json.omit_empty("failcnt", memory.fail_count);
  json.omit_empty("limit", memory.limit);
}

struct NetworkStats {
  uint64_t rx_bytes = 0;
  uint64_t rx_packets = 0;
  uint64_t rx_errors = 0;
  uint64_t rx_dropped = 0;
  uint64_t tx_bytes = 0;
  uint64_t tx_packets = 0;
  uint64_t tx_errors = 0;
  uint64_t tx_dropped = 0;
};
template <class V>
void describe(V& json, NetworkStats& network) {
  json.field("rx_bytes", network.rx_bytes);
  json.field("rx_packets", network.rx_packets);
  json.field("rx_errors", network.rx_errors);
  json.field("rx_dropped", network.rx_dropped);
  json.field("tx_bytes", network.tx_bytes);
  json.field("tx_packets", network.tx_packets);
  json.field("tx_errors", network.tx_errors);
  json.field("tx_dropped", network.tx_dropped);
}

/// Windows' numbers; empty here.
struct StorageStats {};
template <class V>
void describe(V&, StorageStats&) {}

struct ContainerStats {
  std::string name{};  ///< with the slash
  std::string id{};
  std::optional<Timestamp> read{};
  std::optional<Timestamp> previous_read{};
  PidsStats pids{};
  BlockIoStats block_io{};
  uint32_t process_count = 0;  ///< Windows only
  StorageStats storage{};
  CpuStats cpu{};
  CpuStats previous_cpu{};
  MemoryStats memory{};
  std::map<std::string, NetworkStats> networks{};  ///< by interface
};
template <class V>
void describe(V& json, ContainerStats& stats) {
  json.omit_empty("name", stats.name);
  json.omit_empty("id", stats.id);
  json.field("read", stats.read);
  json.field("preread", stats.previous_read);
  json.field("pids_stats", stats.pids);
  json.field("blkio_stats", stats.block_io);
  json.field("num_procs", stats.process_count);
  json.field("storage_stats", stats.storage);
  json.field("cpu_stats", stats.cpu);
  json.field("precpu_stats", stats.previous_cpu);
  json.field("memory_stats", stats.memory);
  json.omit_empty("networks", stats.networks);
}

}  // namespace hull::api
