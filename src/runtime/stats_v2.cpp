#include <cstdlib>

#include "base/text.h"
#include "runtime/stats_files.h"

/// Source: kernel, cgroup-v2.rst; accounting/psi.rst. The names that runc gives them are those of v1.
namespace hull::runtime {
namespace {

using cgroup_files::number;
using cgroup_files::table;
using cgroup_files::value_of;

/// "some avg10=0.00 avg60=0.00 avg300=0.00 total=0"
PressureLine pressure_line(std::string_view line) {
  PressureLine found;
  for (const std::string_view field : split(line, ' ')) {
    const auto pair = cut(field, "=");
    if (!pair) continue;
    const std::string value(pair->after);
    if (pair->before == "avg10") found.avg10 = std::strtod(value.c_str(), nullptr);
    if (pair->before == "avg60") found.avg60 = std::strtod(value.c_str(), nullptr);
    if (pair->before == "avg300") found.avg300 = std::strtod(value.c_str(), nullptr);
    if (pair->before == "total") found.total = parse_integer<uint64_t>(value).value_or(0);
  }
  return found;
}

/// Absent where the kernel was built or booted without it.
std::optional<Pressure> pressure(const linux::Cgroup& cgroup, const std::string& file) {
  const std::string content = cgroup_files::text(cgroup, "", file);
  if (content.empty()) return std::nullopt;
  Pressure found;
  for (const std::string_view line : split(content, '\n')) {
    if (line.substr(0, 5) == "some ") found.some = pressure_line(line);
    if (line.substr(0, 5) == "full ") found.full = pressure_line(line);
  }
  return found;
}

CpuStats cpu(const linux::Cgroup& cgroup) {
  constexpr uint64_t kMicrosecond = 1000;
  const auto times = table(cgroup, "", "cpu.stat");
  CpuStats cpu;
  cpu.usage.total = value_of(times, "usage_usec") * kMicrosecond;
  cpu.usage.user = value_of(times, "user_usec") * kMicrosecond;
  cpu.usage.kernel = value_of(times, "system_usec") * kMicrosecond;
  cpu.throttling = {value_of(times, "nr_periods"), value_of(times, "nr_throttled"),
                    value_of(times, "throttled_usec") * kMicrosecond};
  cpu.psi = pressure(cgroup, "cpu.pressure");
  return cpu;
}

uint64_t limit(const linux::Cgroup& cgroup, const std::string& file) {
  return parse_integer<uint64_t>(cgroup_files::text(cgroup, "", file)).value_or(UINT64_MAX);
}

MemoryStats memory(const linux::Cgroup& cgroup) {
  MemoryStats stats;
  stats.psi = pressure(cgroup, "memory.pressure");
  if (!cgroup.read("", "memory.current").ok()) return stats;  // the controller is not enabled here
  stats.raw = table(cgroup, "", "memory.stat");
  stats.cache = value_of(stats.raw, "file");
  stats.usage = {limit(cgroup, "memory.max"), number(cgroup, "", "memory.current"), number(cgroup, "", "memory.peak"),
                 0};
  if (!cgroup.read("", "memory.swap.current").ok()) return stats;
  // v1 tells memory and swap together, v2 swap alone; the largest sum of both nobody knows.
  const uint64_t swap_limit = limit(cgroup, "memory.swap.max");
  stats.swap.limit = swap_limit == UINT64_MAX ? swap_limit : swap_limit + stats.usage.limit;
  stats.swap.usage = number(cgroup, "", "memory.swap.current") + stats.usage.usage;
  return stats;
}

/// Lines as "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0".
BlockStats block(const linux::Cgroup& cgroup) {
  BlockStats stats;
  stats.psi = pressure(cgroup, "io.pressure");
  const std::string content = cgroup_files::text(cgroup, "", "io.stat");
  for (const std::string_view line : split(content, '\n')) {
    const auto fields = split(line, ' ');
    const auto device = cut(fields[0], ":");
    if (!device) continue;
    for (size_t i = 1; i < fields.size(); ++i) {
      const auto pair = cut(fields[i], "=");
      if (!pair) continue;
      const bool bytes = pair->before == "rbytes" || pair->before == "wbytes";
      if (!bytes && pair->before != "rios" && pair->before != "wios") continue;
      BlockEntry entry{parse_integer<uint64_t>(device->before).value_or(0),
                       parse_integer<uint64_t>(device->after).value_or(0), pair->before[0] == 'r' ? "Read" : "Write",
                       parse_integer<uint64_t>(pair->after).value_or(0)};
      (bytes ? stats.bytes : stats.operations).push_back(std::move(entry));
    }
  }
  return stats;
}

std::map<std::string, HugetlbStats> hugetlb(const linux::Cgroup& cgroup) {
  std::map<std::string, HugetlbStats> all;
  for (const std::string& size : cgroup_files::huge_page_sizes()) {
    std::string prefix = "hugetlb." + size + ".rsvd.";
    if (!cgroup.read("", prefix + "current").ok()) prefix = "hugetlb." + size + ".";
    if (!cgroup.read("", prefix + "current").ok()) continue;
    const auto events = table(cgroup, "", "hugetlb." + size + ".events");
    all[size] = {number(cgroup, "", prefix + "current"), 0, value_of(events, "max")};
  }
  return all;
}

}  // namespace

Stats read_stats_v2(const linux::Cgroup& cgroup) {
  Stats stats;
  stats.cpu = cpu(cgroup);
  stats.memory = memory(cgroup);
  stats.pids = {number(cgroup, "", "pids.current"), number(cgroup, "", "pids.max")};
  stats.block = block(cgroup);
  stats.hugetlb = hugetlb(cgroup);
  return stats;
}

}  // namespace hull::runtime
