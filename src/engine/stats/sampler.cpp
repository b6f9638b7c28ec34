#include "engine/stats/sampler.h"

#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "base/files.h"
#include "engine/containers/oci/spec_builder.h"
#include "engine/stats/cgroup_stats.h"
#include "engine/stats/network_stats.h"

namespace hull::engine {
namespace {

// Enough for a ratio.
constexpr std::chrono::milliseconds kPause{100};

uint64_t memory_of_host() {
  struct sysinfo info {};
  return ::sysinfo(&info) == 0 ? uint64_t{info.totalram} * info.mem_unit : 0;
}

uint64_t nanoseconds_since_boot() {
  timespec time{};
  (void)::clock_gettime(CLOCK_BOOTTIME, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

linux::Cgroup cgroup_of(const linux::CgroupLayout& layout, const std::string& cgroups_path) {
  std::map<std::string, std::string> paths;
  for (const auto& hierarchy : layout.hierarchies) {
    if (layout.mode == linux::CgroupMode::kHybrid && hierarchy.unified()) continue;
    for (const std::string& controller : hierarchy.controllers)
      paths[controller] = linux::cgroup_directory(hierarchy, cgroups_path);
  }
  return linux::Cgroup(std::move(paths));
}

Result<void> pause_for(const Call& call, std::chrono::nanoseconds time) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, call.stop, time, [] { return false; });
  if (call.stop.stop_requested()) return cancelled("the client is gone");
  return {};
}

}  // namespace

api::ContainerStats with_previous(api::ContainerStats current, const api::ContainerStats& previous) {
  if (!previous.read || !current.read || previous.cpu.usage.total > current.cpu.usage.total) return current;
  current.previous_read = previous.read;
  current.previous_cpu = previous.cpu;
  return current;
}

StatsSampler::StatsSampler(Registry& registry, linux::CgroupLayout layout)
    : registry_(registry), layout_(std::move(layout)), host_memory_(memory_of_host()) {}

Result<std::unique_ptr<StatsSampler>> StatsSampler::create(Registry& registry) {
  return std::unique_ptr<StatsSampler>(new StatsSampler(registry, TRY(linux::CgroupLayout::detect())));
}

api::ContainerStats StatsSampler::take(const ContainerRecord& record) const {
  api::ContainerStats stats{.name = "/" + record.name, .id = record.id};
  if (!is_live(record.state.phase)) return stats;
  read_cgroup_stats(cgroup_of(layout_, oci::cgroups_path(record.id, record.host, registry_.settings())), host_memory_,
                    stats);
  stats.cpu.online_cpus = static_cast<uint32_t>(::sysconf(_SC_NPROCESSORS_ONLN));
  stats.cpu.system_usage = nanoseconds_since_boot() * stats.cpu.online_cpus;
  stats.read = now();
  // A namespace of its own, or one that it joined.
  if (record.sandbox && !record.sandbox->netns_path.empty()) {
    const auto devices = read_file("/proc/" + std::to_string(record.state.pid) + "/net/dev");
    if (devices.ok()) stats.networks = parse_network_devices(*devices);
  }
  return stats;
}

StatsSample StatsSampler::look_at(const Container& container) {
  const RecordPtr record = container.record();
  const bool live = is_live(record->state.phase);
  StatsSample fresh = samples_.fresh(record->id, StatsSample::Clock::now());
  if (live && fresh.stats) return fresh;
  StatsSample taken{std::make_shared<const api::ContainerStats>(take(*record)), StatsSample::Clock::now()};
  if (!live) return taken;
  // It may have ended while it was looked at, and its process number now be another's.
  if (const RecordPtr after = container.record(); after->state.pid != record->state.pid)
    return {
        std::make_shared<const api::ContainerStats>(api::ContainerStats{.name = "/" + after->name, .id = after->id}),
        taken.taken};
  samples_.add(record->id, taken);
  return taken;
}

Result<api::ContainerStats> StatsSampler::sample_with_previous(const Call& call, const Container& container) {
  const StatsSample current = look_at(container);
  if (!current.stats->read) return *current.stats;
  if (const StatsSample before = samples_.before(container.id(), current); before.stats)
    return with_previous(*current.stats, *before.stats);
  TRY(pause_for(call, kPause));
  return with_previous(*sample(container), *current.stats);
}

}  // namespace hull::engine
