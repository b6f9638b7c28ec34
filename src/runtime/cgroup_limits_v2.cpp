#include <cmath>

#include "runtime/cgroup_limits.h"

namespace hull::runtime {
namespace {

std::string max_or(int64_t value) { return value == -1 ? "max" : std::to_string(value); }

void add_cpu(std::vector<CgroupWrite>& all, const spec::CpuLimits& cpu) {
  if (cpu.idle) all.push_back({"cpu", "cpu.idle", std::to_string(*cpu.idle)});
  // What is idle has no weight, and the kernel refuses one.
  if (cpu.shares.value_or(0) != 0 && cpu.idle.value_or(0) != 1)
    all.push_back({"cpu", "cpu.weight", std::to_string(weight_of_shares(*cpu.shares))});
  if (cpu.quota.value_or(0) != 0 || cpu.period.value_or(0) != 0) {
    std::string value = cpu.quota.value_or(0) > 0 ? std::to_string(*cpu.quota) : "max";
    if (cpu.period.value_or(0) != 0) value += " " + std::to_string(*cpu.period);
    all.push_back({"cpu", "cpu.max", value});
  }
  if (cpu.burst) all.push_back({"cpu", "cpu.max.burst", std::to_string(*cpu.burst)});
  if (!cpu.cpus.empty()) all.push_back({"cpuset", "cpuset.cpus", cpu.cpus});
  if (!cpu.mems.empty()) all.push_back({"cpuset", "cpuset.mems", cpu.mems});
}

/// v2 counts swap alone, the specification memory and swap together.
void add_memory(std::vector<CgroupWrite>& all, const spec::MemoryLimits& memory) {
  const int64_t limit = memory.limit.value_or(0);
  const int64_t both = memory.swap.value_or(0);
  std::string swap;
  if (both == -1 || (limit == -1 && both == 0)) swap = "max";
  if (both > 0 && limit > 0) swap = std::to_string(both - limit);
  // A kernel without swap has no file for it, which limits it well enough.
  if (!swap.empty())
    all.push_back({.controller = "memory",
                   .file = "memory.swap.max",
                   .value = swap,
                   .dispensable = swap == "max" || swap == "0"});
  if (limit != 0) all.push_back({"memory", "memory.max", max_or(limit)});
  if (memory.reservation.value_or(0) != 0) all.push_back({"memory", "memory.low", max_or(*memory.reservation)});
}

/// Blkio weights (10-1000) become io.weight (1-10000) as runc converts them.
std::string io_weight(uint64_t weight) { return std::to_string(1 + (weight - 10) * 9999 / 990); }

/// Source: kernel cgroup-v2.rst, io.weight ("$MAJ:$MIN $WEIGHT") and io.max.
void add_block(std::vector<CgroupWrite>& all, const spec::BlockIo& block) {
  // BFQ has a file of its own, with the range of v1; io.weight is for the cost model.
  const auto add_weight = [&](const std::string& device, uint64_t weight) {
    all.push_back({"io", "io.bfq.weight", device + std::to_string(weight), "io.weight", device + io_weight(weight)});
  };
  if (block.weight.value_or(0) != 0) add_weight("", *block.weight);
  for (const auto& device : block.weight_device)
    if (device.weight.value_or(0) != 0)
      add_weight(std::to_string(device.major) + ":" + std::to_string(device.minor) + " ", *device.weight);
  const std::pair<const char*, const std::vector<spec::BlockThrottle>*> throttles[] = {
      {"rbps", &block.read_bps}, {"wbps", &block.write_bps}, {"riops", &block.read_iops}, {"wiops", &block.write_iops}};
  for (const auto& [key, devices] : throttles)
    for (const auto& device : *devices)
      all.push_back({"io", "io.max",
                     std::to_string(device.major) + ":" + std::to_string(device.minor) + " " + key + "=" +
                         std::to_string(device.rate)});
}

}  // namespace

std::string rdma_line(const std::string& device, const spec::RdmaLimits& limits) {
  std::string line = device;
  if (limits.handles) line += " hca_handle=" + std::to_string(*limits.handles);
  if (limits.objects) line += " hca_object=" + std::to_string(*limits.objects);
  return line;
}

uint64_t weight_of_shares(uint64_t shares) {
  constexpr uint64_t kLeast = 2, kMost = 262144;
  if (shares <= kLeast) return 1;
  if (shares >= kMost) return 10000;
  const double power = std::log2(static_cast<double>(shares));
  return static_cast<uint64_t>(std::ceil(std::pow(10, (power * power + 125 * power) / 612 - 7.0 / 34)));
}

std::vector<CgroupWrite> limits_v2(const spec::Resources& resources) {
  std::vector<CgroupWrite> all;
  if (resources.cpu) add_cpu(all, *resources.cpu);
  if (resources.memory) add_memory(all, *resources.memory);
  if (resources.pids && resources.pids->limit != 0)
    all.push_back({"pids", "pids.max", resources.pids->limit > 0 ? std::to_string(resources.pids->limit) : "max"});
  if (resources.block_io) add_block(all, *resources.block_io);
  for (const auto& huge : resources.hugepage_limits)
    for (const bool reserved : {false, true})
      all.push_back({.controller = "hugetlb",
                     .file = "hugetlb." + huge.page_size + (reserved ? ".rsvd" : "") + ".max",
                     .value = std::to_string(huge.limit),
                     .dispensable = reserved});
  for (const auto& [device, limits] : resources.rdma) all.push_back({"rdma", "rdma.max", rdma_line(device, limits)});
  for (const auto& [file, value] : resources.unified) all.push_back({"", file, value});
  return all;
}

}  // namespace hull::runtime
