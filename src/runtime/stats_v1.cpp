#include <unistd.h>

#include "base/text.h"
#include "runtime/stats_files.h"

/// Source: kernel, cgroup-v1/cpuacct.rst, cpusets.rst, memory.rst, blkio-controller.rst, hugetlb.rst.
namespace hull::runtime {
namespace {

using cgroup_files::number;
using cgroup_files::table;
using cgroup_files::value_of;

/// "cpuacct.usage_all": a heading, then lines as "0 <user> <system>".
void add_each_cpu(const linux::Cgroup& cgroup, CpuUsage& usage) {
  const std::string content = cgroup_files::text(cgroup, "cpuacct", "cpuacct.usage_all");
  for (const std::string_view line : split(content, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() != 3) continue;
    const auto user = parse_integer<uint64_t>(fields[1]);
    const auto system = parse_integer<uint64_t>(fields[2]);
    if (!user || !system) continue;
    usage.percpu_user.push_back(*user);
    usage.percpu_kernel.push_back(*system);
  }
}

CpuStats cpu(const linux::Cgroup& cgroup) {
  CpuStats cpu;
  cpu.usage.total = number(cgroup, "cpuacct", "cpuacct.usage");
  const std::string each = cgroup_files::text(cgroup, "cpuacct", "cpuacct.usage_percpu");
  for (const std::string_view text : split(each, ' '))
    if (const auto value = parse_integer<uint64_t>(text)) cpu.usage.percpu.push_back(*value);
  add_each_cpu(cgroup, cpu.usage);
  const uint64_t tick = 1000000000 / static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));
  const auto times = table(cgroup, "cpuacct", "cpuacct.stat");
  cpu.usage.user = value_of(times, "user") * tick;
  cpu.usage.kernel = value_of(times, "system") * tick;
  const auto throttling = table(cgroup, "cpu", "cpu.stat");
  cpu.throttling = {value_of(throttling, "nr_periods"), value_of(throttling, "nr_throttled"),
                    value_of(throttling, "throttled_time")};
  return cpu;
}

/// "0-2,7" as numbers.
std::vector<uint16_t> expand_list(std::string_view list) {
  std::vector<uint16_t> numbers;
  for (const std::string_view part : split(list, ',')) {
    const auto range = cut(part, "-");
    const auto first = parse_integer<uint16_t>(range ? range->before : part);
    const auto last = range ? parse_integer<uint16_t>(range->after) : first;
    if (!first || !last) continue;
    for (uint32_t value = *first; value <= *last; ++value) numbers.push_back(static_cast<uint16_t>(value));
  }
  return numbers;
}

CpusetStats cpuset(const linux::Cgroup& cgroup) {
  const auto flag = [&](const char* name) { return number(cgroup, "cpuset", std::string("cpuset.") + name); };
  CpusetStats set;
  set.cpus = expand_list(cgroup_files::text(cgroup, "cpuset", "cpuset.cpus"));
  set.mems = expand_list(cgroup_files::text(cgroup, "cpuset", "cpuset.mems"));
  set.cpu_exclusive = flag("cpu_exclusive");
  set.mem_hardwall = flag("mem_hardwall");
  set.mem_exclusive = flag("mem_exclusive");
  set.memory_migrate = flag("memory_migrate");
  set.memory_spread_page = flag("memory_spread_page");
  set.memory_spread_slab = flag("memory_spread_slab");
  set.memory_pressure = flag("memory_pressure");
  set.sched_load_balance = flag("sched_load_balance");
  const std::string level = cgroup_files::text(cgroup, "cpuset", "cpuset.sched_relax_domain_level");
  set.sched_relax_domain_level = parse_integer<int64_t>(level).value_or(0);
  return set;
}

MemoryEntry memory_entry(const linux::Cgroup& cgroup, const std::string& prefix) {
  return {number(cgroup, "memory", prefix + "limit_in_bytes"), number(cgroup, "memory", prefix + "usage_in_bytes"),
          number(cgroup, "memory", prefix + "max_usage_in_bytes"), number(cgroup, "memory", prefix + "failcnt")};
}

MemoryStats memory(const linux::Cgroup& cgroup) {
  MemoryStats stats;
  stats.raw = table(cgroup, "memory", "memory.stat");
  stats.cache = value_of(stats.raw, "cache");
  stats.usage = memory_entry(cgroup, "memory.");
  stats.swap = memory_entry(cgroup, "memory.memsw.");
  stats.kernel = memory_entry(cgroup, "memory.kmem.");
  stats.kernel_tcp = memory_entry(cgroup, "memory.kmem.tcp.");
  return stats;
}

/// Lines as "8:0 Read 4096", or "8:0 4096" where there is one kind only.
std::vector<BlockEntry> block_entries(const linux::Cgroup& cgroup, const std::string& file) {
  std::vector<BlockEntry> entries;
  const std::string content = cgroup_files::text(cgroup, "blkio", file);
  for (const std::string_view line : split(content, '\n')) {
    const auto fields = split(line, ' ');
    const auto device = fields.size() == 2 || fields.size() == 3 ? cut(fields[0], ":") : std::nullopt;
    if (!device) continue;  // the last line is the sum of all
    entries.push_back(
        {parse_integer<uint64_t>(device->before).value_or(0), parse_integer<uint64_t>(device->after).value_or(0),
         fields.size() == 3 ? std::string(fields[1]) : "", parse_integer<uint64_t>(fields.back()).value_or(0)});
  }
  return entries;
}

/// The scheduler that has weights counts most; the throttle counts where there is none.
BlockStats block(const linux::Cgroup& cgroup) {
  BlockStats stats;
  for (const std::string prefix : {"blkio.bfq.", "blkio."}) {
    stats.operations = block_entries(cgroup, prefix + "io_serviced_recursive");
    if (stats.operations.empty()) continue;
    stats.bytes = block_entries(cgroup, prefix + "io_service_bytes_recursive");
    stats.queued = block_entries(cgroup, prefix + "io_queued_recursive");
    stats.service_time = block_entries(cgroup, prefix + "io_service_time_recursive");
    stats.wait_time = block_entries(cgroup, prefix + "io_wait_time_recursive");
    stats.merged = block_entries(cgroup, prefix + "io_merged_recursive");
    stats.time = block_entries(cgroup, prefix + "time_recursive");
    stats.sectors = block_entries(cgroup, prefix + "sectors_recursive");
    return stats;
  }
  stats.bytes = block_entries(cgroup, "blkio.throttle.io_service_bytes_recursive");
  stats.operations = block_entries(cgroup, "blkio.throttle.io_serviced_recursive");
  return stats;
}

std::map<std::string, HugetlbStats> hugetlb(const linux::Cgroup& cgroup) {
  std::map<std::string, HugetlbStats> all;
  if (!cgroup.directory("hugetlb")) return all;
  for (const std::string& size : cgroup_files::huge_page_sizes()) {
    const std::string prefix = "hugetlb." + size + ".";
    const bool reserved = cgroup.read("hugetlb", prefix + "rsvd.usage_in_bytes").ok();
    const std::string kind = prefix + (reserved ? "rsvd." : "");
    all[size] = {number(cgroup, "hugetlb", kind + "usage_in_bytes"),
                 number(cgroup, "hugetlb", kind + "max_usage_in_bytes"), number(cgroup, "hugetlb", kind + "failcnt")};
  }
  return all;
}

}  // namespace

Stats read_stats_v1(const linux::Cgroup& cgroup) {
  Stats stats;
  stats.cpu = cpu(cgroup);
  if (cgroup.directory("cpuset")) stats.cpuset = cpuset(cgroup);
  stats.memory = memory(cgroup);
  stats.pids = {number(cgroup, "pids", "pids.current"), number(cgroup, "pids", "pids.max")};
  stats.block = block(cgroup);
  stats.hugetlb = hugetlb(cgroup);
  return stats;
}

}  // namespace hull::runtime
