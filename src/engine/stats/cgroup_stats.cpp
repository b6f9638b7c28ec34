#include "engine/stats/cgroup_stats.h"

#include <unistd.h>

#include <algorithm>

#include "base/text.h"

namespace hull::engine {
namespace {

constexpr uint64_t kNanosecondsPerMicrosecond = 1000;

/// Reads files of one cgroup; what can't be read is empty.
class Files {
 public:
  explicit Files(const linux::Cgroup& cgroup) : cgroup_(cgroup) {}
  std::string text(std::string_view controller, const std::string& file) const {
    return cgroup_.read(controller, file).value_or("");
  }
  /// 0 for "max".
  uint64_t number(std::string_view controller, const std::string& file) const {
    return parse_integer<uint64_t>(trim(text(controller, file))).value_or(0);
  }
  /// Lines of "key value".
  std::map<std::string, uint64_t> table(std::string_view controller, const std::string& file) const {
    std::map<std::string, uint64_t> values;
    const std::string content = text(controller, file);
    for (const auto line : split(content, '\n'))
      if (const auto parts = cut(line, " "))
        if (const auto value = parse_integer<uint64_t>(trim(parts->after))) values.emplace(parts->before, *value);
    return values;
  }

 private:
  const linux::Cgroup& cgroup_;
};

uint64_t value_of(const std::map<std::string, uint64_t>& table, const char* key) {
  const auto found = table.find(key);
  return found == table.end() ? 0 : found->second;
}

uint64_t ticks(uint64_t count) { return count * (1'000'000'000 / static_cast<uint64_t>(::sysconf(_SC_CLK_TCK))); }

std::optional<api::BlockIoEntry> device_of(std::string_view text) {
  const auto parts = cut(text, ":");
  const auto major = parts ? parse_integer<uint64_t>(parts->before) : std::nullopt;
  const auto minor = parts ? parse_integer<uint64_t>(parts->after) : std::nullopt;
  if (!major || !minor) return std::nullopt;
  return api::BlockIoEntry{.major = *major, .minor = *minor};
}

/// Lines of "8:0 Read 4096"; a sum stands at the end.
std::vector<api::BlockIoEntry> v1_entries(const std::string& text) {
  std::vector<api::BlockIoEntry> entries;
  for (const auto line : split(text, '\n')) {
    const auto words = split(line, ' ');
    if (words.size() != 3) continue;
    auto entry = device_of(words[0]);
    const auto value = parse_integer<uint64_t>(words[2]);
    if (!entry || !value) continue;
    entry->op = words[1];
    entry->value = *value;
    entries.push_back(*std::move(entry));
  }
  return entries;
}

void read_v1_io(const Files& files, api::BlockIoStats& io) {
  io.service_bytes = v1_entries(files.text("blkio", "blkio.throttle.io_service_bytes_recursive"));
  io.serviced = v1_entries(files.text("blkio", "blkio.throttle.io_serviced_recursive"));
  for (auto* none : {&io.queued, &io.service_time, &io.wait_time, &io.merged, &io.time, &io.sectors}) none->emplace();
}

void read_v1_cpu(const Files& files, api::CpuStats& cpu) {
  cpu.usage.total = files.number("cpuacct", "cpuacct.usage");
  const std::string by_cpu = files.text("cpuacct", "cpuacct.usage_percpu");
  for (const auto word : split(trim(by_cpu), ' '))
    if (const auto value = parse_integer<uint64_t>(word)) cpu.usage.by_cpu.push_back(*value);
  const auto modes = files.table("cpuacct", "cpuacct.stat");
  cpu.usage.in_user = ticks(value_of(modes, "user"));
  cpu.usage.in_kernel = ticks(value_of(modes, "system"));
  const auto throttling = files.table("cpu", "cpu.stat");
  cpu.throttling = {value_of(throttling, "nr_periods"), value_of(throttling, "nr_throttled"),
                    value_of(throttling, "throttled_time")};
}

void read_v1_memory(const Files& files, api::MemoryStats& memory) {
  memory.usage = files.number("memory", "memory.usage_in_bytes");
  memory.max_usage = files.number("memory", "memory.max_usage_in_bytes");
  memory.fail_count = files.number("memory", "memory.failcnt");
  memory.stats = files.table("memory", "memory.stat");
  memory.limit = files.number("memory", "memory.limit_in_bytes");
}

/// Lines of "8:0 rbytes=1 wbytes=2 rios=3 …".
void read_v2_io(const Files& files, api::BlockIoStats& io) {
  auto& bytes = io.service_bytes.emplace();
  const std::string text = files.text("io", "io.stat");
  for (const auto line : split(text, '\n')) {
    const auto words = split(line, ' ');
    auto entry = device_of(words[0]);
    if (!entry) continue;
    for (const auto word : words) {
      const auto parts = cut(word, "=");
      if (!parts || (parts->before != "rbytes" && parts->before != "wbytes")) continue;
      entry->op = parts->before == "rbytes" ? "read" : "write";
      entry->value = parse_integer<uint64_t>(parts->after).value_or(0);
      bytes.push_back(*entry);
    }
  }
}

void read_v2_cpu(const Files& files, api::CpuStats& cpu) {
  const auto table = files.table("cpu", "cpu.stat");
  const auto nanoseconds = [&](const char* key) { return value_of(table, key) * kNanosecondsPerMicrosecond; };
  cpu.usage.total = nanoseconds("usage_usec");
  cpu.usage.in_user = nanoseconds("user_usec");
  cpu.usage.in_kernel = nanoseconds("system_usec");
  cpu.throttling = {value_of(table, "nr_periods"), value_of(table, "nr_throttled"), nanoseconds("throttled_usec")};
}

void read_v2_memory(const Files& files, api::MemoryStats& memory) {
  memory.usage = files.number("memory", "memory.current");
  memory.stats = files.table("memory", "memory.stat");
  memory.limit = files.number("memory", "memory.max");
  memory.fail_count = value_of(files.table("memory", "memory.events"), "oom");
}

}  // namespace

void read_cgroup_stats(const linux::Cgroup& cgroup, uint64_t host_memory, api::ContainerStats& stats) {
  const Files files(cgroup);
  stats.pids = {files.number("pids", "pids.current"), files.number("pids", "pids.max")};
  if (cgroup.unified_only()) {
    read_v2_io(files, stats.block_io);
    read_v2_cpu(files, stats.cpu);
    read_v2_memory(files, stats.memory);
  } else {
    read_v1_io(files, stats.block_io);
    read_v1_cpu(files, stats.cpu);
    read_v1_memory(files, stats.memory);
  }
  if (stats.memory.limit == 0 || stats.memory.limit > host_memory) stats.memory.limit = host_memory;
}

}  // namespace hull::engine
