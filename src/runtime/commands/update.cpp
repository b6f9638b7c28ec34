#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "runtime/cgroup_limits.h"
#include "runtime/commands/command.h"
#include "runtime/intel_rdt.h"
#include "runtime/merge_resources.h"
#include "runtime/systemd/scope.h"
#include "runtime/validate.h"

namespace hull::runtime {
namespace {

constexpr Flag kFlags[] = {
    {"resources", 'r', Flag::Kind::kText,
     "file with the resources as JSON, - for stdin; other flags are not read then"},
    {"blkio-weight", 0, Flag::Kind::kNumber, "relative weight of block I/O, 10 to 1000"},
    {"cpu-period", 0, Flag::Kind::kNumber, "CFS period in microseconds"},
    {"cpu-quota", 0, Flag::Kind::kNumber, "CFS quota in microseconds, -1 for none"},
    {"cpu-burst", 0, Flag::Kind::kNumber, "CFS burst in microseconds"},
    {"cpu-share", 0, Flag::Kind::kNumber, "relative weight of CPU time"},
    {"cpu-rt-period", 0, Flag::Kind::kNumber, "realtime period in microseconds"},
    {"cpu-rt-runtime", 0, Flag::Kind::kNumber, "realtime runtime in microseconds"},
    {"cpu-idle", 0, Flag::Kind::kNumber, "1: run only when others idle"},
    {"cpuset-cpus", 0, Flag::Kind::kText, "CPUs to use"},
    {"cpuset-mems", 0, Flag::Kind::kText, "memory nodes to use"},
    {"memory", 0, Flag::Kind::kText, "memory limit in bytes, -1 for none"},
    {"memory-reservation", 0, Flag::Kind::kText, "soft limit of memory in bytes"},
    {"memory-swap", 0, Flag::Kind::kText, "limit of memory and swap together in bytes, -1 for none"},
    {"kernel-memory", 0, Flag::Kind::kText, "accepted without effect, as kernels have dropped it"},
    {"kernel-memory-tcp", 0, Flag::Kind::kText, "limit of memory for TCP buffers in bytes"},
    {"pids-limit", 0, Flag::Kind::kNumber, "most processes, -1 for any number"},
    {"l3-cache-schema", 0, Flag::Kind::kText, "shares of the L3 cache (Intel RDT): L3:0=f;1=f0"},
    {"mem-bw-schema", 0, Flag::Kind::kText, "shares of memory bandwidth (Intel RDT): MB:0=20;1=70"},
};

template <class T>
void take(const Flags& flags, std::string_view name, std::optional<T>& value) {
  if (flags.has(name)) value = static_cast<T>(flags.number(name));
}

/// "512m", "1g", or bytes.
Result<void> take_size(const Flags& flags, std::string_view name, std::optional<int64_t>& value) {
  if (!flags.has(name)) return {};
  const std::string text = to_lower(flags.text(name));
  const size_t digits = text.find_first_not_of("-0123456789");
  const auto number = parse_integer<int64_t>(text.substr(0, digits));
  const std::string unit = digits == std::string::npos ? "" : text.substr(digits);
  int shift = -1;
  if (unit.empty() || unit == "b") shift = 0;
  if (unit == "k" || unit == "kb") shift = 10;
  if (unit == "m" || unit == "mb") shift = 20;
  if (unit == "g" || unit == "gb") shift = 30;
  constexpr int64_t kMost = int64_t{1} << 52;
  if (!number || shift < 0 || *number < -1 || *number > kMost >> shift)
    return invalid_argument("invalid value for " + std::string(name) + ": invalid size: '" + text + "'");
  value = *number == -1 ? -1 : *number << shift;
  return {};
}

Result<spec::Resources> resources_of(const Flags& flags) {
  if (flags.has("resources")) {
    const std::string file = flags.text("resources");
    const std::string text = file == "-" ? TRY(read_all(FdRef(STDIN_FILENO), 1_MiB)) : TRY(read_file(file, 1_MiB));
    return spec::parse_resources(text);
  }
  spec::Resources resources;
  spec::CpuLimits& cpu = resources.cpu.emplace();
  take(flags, "cpu-period", cpu.period);
  take(flags, "cpu-quota", cpu.quota);
  take(flags, "cpu-burst", cpu.burst);
  take(flags, "cpu-share", cpu.shares);
  take(flags, "cpu-rt-period", cpu.realtime_period);
  take(flags, "cpu-rt-runtime", cpu.realtime_runtime);
  take(flags, "cpu-idle", cpu.idle);
  cpu.cpus = flags.text("cpuset-cpus");
  cpu.mems = flags.text("cpuset-mems");
  spec::MemoryLimits& memory = resources.memory.emplace();
  TRY(take_size(flags, "memory", memory.limit));
  TRY(take_size(flags, "memory-reservation", memory.reservation));
  TRY(take_size(flags, "memory-swap", memory.swap));
  TRY(take_size(flags, "kernel-memory-tcp", memory.kernel_tcp));
  if (flags.has("pids-limit")) resources.pids = spec::PidsLimit{flags.number("pids-limit")};
  if (flags.has("blkio-weight")) take(flags, "blkio-weight", resources.block_io.emplace().weight);
  return resources;
}

/// All limits of the record, to systemd as well where it knows of the cgroup.
Result<void> apply(const Record& record) {
  const RecordDetails& details = record.details;
  if (!details.systemd_unit.empty()) {
    const auto layout = TRY(linux::CgroupLayout::detect());
    TRY(systemd::set_properties(systemd::manager_of(details), details.systemd_unit,
                                systemd::properties_of(details.resources, layout.mode)));
  }
  return apply_limits(linux::Cgroup(record.cgroup_paths), details.resources);
}

Result<void> update_rdt(const Flags& flags, const ContainerDirectory& directory, Record& record) {
  spec::IntelRdt rdt;
  rdt.l3_cache_schema = flags.text("l3-cache-schema");
  rdt.memory_bandwidth_schema = flags.text("mem-bw-schema");
  if (rdt == spec::IntelRdt()) return {};
  return update_intel_rdt(rdt, directory, record);
}

Result<int> run(Context& context, const Flags& flags) {
  const auto directory = TRY(context.store.open(flags.arguments[0]));
  const Record record = TRY(directory.read_record());
  if (TRY(status_of(record, directory)) == spec::ContainerStatus::kStopped)
    return failed_precondition("container not running");
  const spec::Resources resources = TRY(resources_of(flags));
  TRY(validate_resources(resources, "resources"));
  Record changed = record;
  changed.details.resources = merge_resources(record.details.resources, resources);
  auto applied = apply(changed);
  if (applied.ok()) applied = update_rdt(flags, directory, changed);
  if (applied.ok()) applied = directory.write_record(changed);
  if (!applied.ok()) {
    auto undone = apply(record);
    if (undone.ok()) undone = directory.write_record(record);
    if (!undone.ok()) logging::warn("undo the update", {{"error", undone.error().message()}});
    return std::move(applied).error();
  }
  if (!resources.devices.empty())
    TRY(apply_devices(linux::Cgroup(record.cgroup_paths), with_default_devices(resources.devices, {})));
  return 0;
}

}  // namespace

extern const Command kUpdateCommand = {
    .name = "update",
    .arguments = "<container-id>",
    .help = "change a container's limits",
    .flags = kFlags,
    .failure_prefix = "",
    .run = run,
};

}  // namespace hull::runtime
