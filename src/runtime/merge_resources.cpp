#include "runtime/merge_resources.h"

namespace hull::runtime {
namespace {

template <class T>
void take(std::optional<T>& standing, const std::optional<T>& wanted) {
  if (wanted) standing = wanted;
}

template <class T>
void take_number(std::optional<T>& standing, const std::optional<T>& wanted) {
  if (wanted.value_or(0) != 0) standing = wanted;
}

template <class T>
void take_list(T& standing, const T& wanted) {
  if (!wanted.empty()) standing = wanted;
}

void merge_cpu(spec::CpuLimits& standing, const spec::CpuLimits& wanted) {
  take_number(standing.shares, wanted.shares);
  take_number(standing.quota, wanted.quota);
  take_number(standing.period, wanted.period);
  take(standing.burst, wanted.burst);
  take(standing.realtime_runtime, wanted.realtime_runtime);
  take(standing.realtime_period, wanted.realtime_period);
  take(standing.idle, wanted.idle);
  take_list(standing.cpus, wanted.cpus);
  take_list(standing.mems, wanted.mems);
}

void merge_memory(spec::MemoryLimits& standing, const spec::MemoryLimits& wanted) {
  take_number(standing.limit, wanted.limit);
  take_number(standing.swap, wanted.swap);
  if (wanted.limit.value_or(0) == -1 && wanted.swap.value_or(0) == 0) standing.swap = -1;
  take_number(standing.reservation, wanted.reservation);
  take_number(standing.kernel_tcp, wanted.kernel_tcp);
  take(standing.swappiness, wanted.swappiness);
  take(standing.disable_oom_killer, wanted.disable_oom_killer);
  standing.check_before_update = wanted.check_before_update;  // of this update alone
}

void merge_block(spec::BlockIo& standing, const spec::BlockIo& wanted) {
  take_number(standing.weight, wanted.weight);
  take_number(standing.leaf_weight, wanted.leaf_weight);
  take_list(standing.weight_device, wanted.weight_device);
  take_list(standing.read_bps, wanted.read_bps);
  take_list(standing.write_bps, wanted.write_bps);
  take_list(standing.read_iops, wanted.read_iops);
  take_list(standing.write_iops, wanted.write_iops);
}

/// The part that stands, made where there is none yet.
template <class T, class Merge>
void merge_part(std::optional<T>& standing, const std::optional<T>& wanted, Merge merge) {
  if (!wanted) return;
  if (!standing) standing.emplace();
  merge(*standing, *wanted);
}

}  // namespace

spec::Resources merge_resources(spec::Resources standing, const spec::Resources& wanted) {
  merge_part(standing.cpu, wanted.cpu, merge_cpu);
  if (standing.memory) standing.memory->check_before_update.reset();
  merge_part(standing.memory, wanted.memory, merge_memory);
  merge_part(standing.block_io, wanted.block_io, merge_block);
  if (wanted.pids && wanted.pids->limit != 0) standing.pids = wanted.pids;
  if (wanted.network) standing.network = wanted.network;
  take_list(standing.hugepage_limits, wanted.hugepage_limits);
  for (const auto& [device, limits] : wanted.rdma) standing.rdma[device] = limits;
  for (const auto& [file, value] : wanted.unified) standing.unified[file] = value;
  standing.devices.clear();
  return standing;
}

}  // namespace hull::runtime
