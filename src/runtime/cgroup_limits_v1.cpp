#include <algorithm>

#include "runtime/cgroup_limits.h"

namespace hull::runtime {
namespace {

class Writes {
 public:
  explicit Writes(std::string controller) : controller_(std::move(controller)) {}
  void add(std::string file, std::string value) { list.push_back({controller_, std::move(file), std::move(value)}); }
  template <class T>
  void add(const char* file, const std::optional<T>& value) {
    if (value) add(std::string(file), std::to_string(*value));
  }
  std::vector<CgroupWrite> list;

 private:
  std::string controller_;
};

void append(std::vector<CgroupWrite>& all, Writes part) {
  for (auto& write : part.list) all.push_back(std::move(write));
}

Writes cpu_writes(const spec::CpuLimits& cpu) {
  Writes writes("cpu");
  // What is idle has no shares, and the kernel refuses them.
  writes.add("cpu.idle", cpu.idle);
  if (cpu.shares.value_or(0) != 0 && cpu.idle.value_or(0) != 1) writes.add("cpu.shares", cpu.shares);
  writes.add("cpu.rt_period_us", cpu.realtime_period);
  writes.add("cpu.rt_runtime_us", cpu.realtime_runtime);
  writes.add("cpu.cfs_period_us", cpu.period && *cpu.period == 0 ? std::optional<uint64_t>() : cpu.period);
  writes.add("cpu.cfs_quota_us", cpu.quota && *cpu.quota == 0 ? std::optional<int64_t>() : cpu.quota);
  writes.add("cpu.cfs_burst_us", cpu.burst);
  return writes;
}

Writes cpuset_writes(const spec::CpuLimits& cpu) {
  Writes writes("cpuset");
  if (!cpu.cpus.empty()) writes.add("cpuset.cpus", cpu.cpus);
  if (!cpu.mems.empty()) writes.add("cpuset.mems", cpu.mems);
  return writes;
}

/// Zero means "not set" here, as clients of runc rely on it.
std::optional<int64_t> set_or_none(const std::optional<int64_t>& value) {
  return value && *value == 0 ? std::nullopt : value;
}

Writes memory_writes(const spec::MemoryLimits& memory) {
  Writes writes("memory");
  const auto limit = set_or_none(memory.limit);
  auto swap = set_or_none(memory.swap);
  // No limit on memory and none given on both together: both are lifted.
  if (limit && *limit == -1 && !swap) swap = -1;
  writes.add("memory.limit_in_bytes", limit);
  writes.add("memory.memsw.limit_in_bytes", swap);
  writes.add("memory.soft_limit_in_bytes", set_or_none(memory.reservation));
  writes.add("memory.kmem.tcp.limit_in_bytes", set_or_none(memory.kernel_tcp));
  if (memory.disable_oom_killer.value_or(false)) writes.add("memory.oom_control", "1");
  writes.add("memory.swappiness", memory.swappiness);
  return writes;
}

Writes block_writes(const spec::BlockIo& block) {
  Writes writes("blkio");
  const auto number = [](const auto& device) {
    return std::to_string(device.major) + ":" + std::to_string(device.minor);
  };
  // The files of the CFQ scheduler; kernels that have lost it have those of BFQ.
  if (block.weight.value_or(0) != 0)
    writes.list.push_back({"blkio", "blkio.weight", std::to_string(*block.weight), "blkio.bfq.weight"});
  if (block.leaf_weight.value_or(0) != 0) writes.add("blkio.leaf_weight", block.leaf_weight);
  for (const auto& device : block.weight_device) {
    if (device.weight.value_or(0) != 0)
      writes.list.push_back({"blkio", "blkio.weight_device", number(device) + " " + std::to_string(*device.weight),
                             "blkio.bfq.weight_device"});
    if (device.leaf_weight.value_or(0) != 0)
      writes.add("blkio.leaf_weight_device", number(device) + " " + std::to_string(*device.leaf_weight));
  }
  const std::pair<const char*, const std::vector<spec::BlockThrottle>*> throttles[] = {
      {"blkio.throttle.read_bps_device", &block.read_bps},
      {"blkio.throttle.write_bps_device", &block.write_bps},
      {"blkio.throttle.read_iops_device", &block.read_iops},
      {"blkio.throttle.write_iops_device", &block.write_iops},
  };
  for (const auto& [file, devices] : throttles)
    for (const auto& device : *devices) writes.add(file, number(device) + " " + std::to_string(device.rate));
  return writes;
}

std::string device_line(const spec::DeviceRule& rule) {
  const auto number = [](const std::optional<int64_t>& value) {
    return value && *value >= 0 ? std::to_string(*value) : std::string("*");
  };
  const std::string type = rule.type.empty() ? "a" : rule.type;
  return type + " " + number(rule.major) + ":" + number(rule.minor) + " " + (rule.access.empty() ? "rwm" : rule.access);
}

bool goes_for_all(const spec::DeviceRule& rule) {
  const auto any = [](const std::optional<int64_t>& value) { return !value || *value < 0; };
  return (rule.type.empty() || rule.type == "a") && any(rule.major) && any(rule.minor);
}

}  // namespace

std::vector<CgroupWrite> limits_v1(const spec::Resources& resources) {
  std::vector<CgroupWrite> all;
  if (resources.cpu) append(all, cpu_writes(*resources.cpu));
  if (resources.cpu) append(all, cpuset_writes(*resources.cpu));
  if (resources.memory) append(all, memory_writes(*resources.memory));
  if (resources.pids && resources.pids->limit != 0)
    all.push_back({"pids", "pids.max", resources.pids->limit > 0 ? std::to_string(resources.pids->limit) : "max"});
  if (resources.block_io) append(all, block_writes(*resources.block_io));
  for (const auto& huge : resources.hugepage_limits)
    for (const bool reserved : {false, true})
      all.push_back({.controller = "hugetlb",
                     .file = "hugetlb." + huge.page_size + (reserved ? ".rsvd" : "") + ".limit_in_bytes",
                     .value = std::to_string(huge.limit),
                     .dispensable = reserved});
  for (const auto& [device, limits] : resources.rdma) all.push_back({"rdma", "rdma.max", rdma_line(device, limits)});
  if (resources.network && resources.network->class_id.value_or(0) != 0)
    all.push_back({"net_cls", "net_cls.classid", std::to_string(*resources.network->class_id)});
  if (resources.network)
    for (const auto& interface : resources.network->priorities)
      all.push_back({"net_prio", "net_prio.ifpriomap", interface.name + " " + std::to_string(interface.priority)});
  return all;
}

std::vector<CgroupWrite> device_writes_v1(const std::vector<spec::DeviceRule>& rules) {
  // A new cgroup has what its parent has. Deny all first, so that what no rule names is denied.
  std::vector<CgroupWrite> writes = {{"devices", "devices.deny", "a"}};
  for (const spec::DeviceRule& rule : rules) {
    const std::string file = rule.allow ? "devices.allow" : "devices.deny";
    if (!goes_for_all(rule)) {
      writes.push_back({"devices", file, device_line(rule)});
      continue;
    }
    // To the kernel "a" undoes all rules before it (kernel, devices.rst).
    writes.clear();
    writes.push_back({"devices", file, "a"});
  }
  // Where all is allowed and nothing denied after that, allowing single devices says nothing.
  if (writes.front().file == "devices.allow" &&
      std::all_of(writes.begin(), writes.end(), [](const CgroupWrite& entry) { return entry.file == "devices.allow"; }))
    writes.resize(1);
  return writes;
}

}  // namespace hull::runtime
