#include "runtime/cgroup_limits.h"

#include <cerrno>

#include "base/text.h"
#include "runtime/device_program.h"

namespace hull::runtime {
namespace {

Result<void> write(const linux::Cgroup& cgroup, const CgroupWrite& entry) {
  auto written = cgroup.write(entry.controller, entry.file, entry.value);
  if (!written.is(Code::kNotFound)) return written;
  if (entry.dispensable) return {};
  if (entry.other_file.empty()) return written;
  return cgroup.write(entry.controller, entry.other_file, entry.other_value.empty() ? entry.value : entry.other_value);
}

/// The kernel takes what it thinks best instead of a number out of its range.
Result<void> check_shares(const linux::Cgroup& cgroup, const CgroupWrite& entry) {
  if (entry.file != "cpu.shares") return {};
  const auto wanted = parse_integer<uint64_t>(entry.value);
  const auto taken = parse_integer<uint64_t>(TRY(cgroup.read(entry.controller, entry.file)));
  if (!wanted || !taken || *wanted == *taken) return {};
  return invalid_argument("the " + std::string(*wanted > *taken ? "maximum" : "minimum") + " allowed cpu-shares is " +
                          std::to_string(*taken));
}

/// Without the check the kernel kills until the limit holds. Source: runc, cgroups/fs2/memory.go.
Result<void> check_usage(const linux::Cgroup& cgroup, const spec::MemoryLimits& memory) {
  if (!memory.check_before_update.value_or(false)) return {};
  const auto text = cgroup.read("memory", "memory.current");
  const auto usage = text.ok() ? parse_integer<int64_t>(*text) : std::nullopt;
  if (!usage) return {};  // v1, whose kernel refuses by itself
  const auto check = [&](const char* name, int64_t limit) -> Result<void> {
    if (limit <= 0 || limit > *usage) return {};
    return failed_precondition("rejecting " + std::string(name) + " limit " + std::to_string(limit) + " <= usage " +
                               std::to_string(*usage));
  };
  TRY(check("memory+swap", memory.swap.value_or(0)));
  return check("memory", memory.limit.value_or(0));
}

/// A limit may not pass the one that stands above it (memory and memory+swap, quota and period): where a pair is
/// refused in one order because of the old values, it is taken in the other.
bool ordered_pair(const CgroupWrite& first, const CgroupWrite& second) {
  return (first.file == "memory.limit_in_bytes" && second.file == "memory.memsw.limit_in_bytes") ||
         (first.file == "cpu.cfs_period_us" && second.file == "cpu.cfs_quota_us");
}

}  // namespace

std::vector<spec::DeviceRule> with_default_devices(std::vector<spec::DeviceRule> rules,
                                                   const std::vector<spec::Device>& made) {
  const auto allow = [&](const char* type, std::optional<int64_t> major, std::optional<int64_t> minor,
                         const char* access) {
    rules.push_back({true, type, major, minor, access});
  };
  for (const spec::Device& device : made)
    if (device.type != "p") allow(device.type == "b" ? "b" : "c", device.major, device.minor, "rwm");
  allow("c", std::nullopt, std::nullopt, "m");  // any node may be made; using it is another matter
  allow("b", std::nullopt, std::nullopt, "m");
  for (const int minor : {3, 5, 7, 8, 9}) allow("c", 1, minor, "rwm");  // null, zero, full, random, urandom
  allow("c", 5, 0, "rwm");                                              // tty
  allow("c", 5, 2, "rwm");                                              // ptmx
  allow("c", 136, std::nullopt, "rwm");                                 // pts
  // Not of the specification: of runc and crun, which containers with tunnels have come to rely on. Nothing can be done
  // with it without CAP_NET_ADMIN.
  allow("c", 10, 200, "rwm");
  return rules;
}

namespace {

/// v2 has no file for both together: a new limit on them counts from that on memory, the one that stands if need be.
Result<void> complete_swap(const linux::Cgroup& cgroup, spec::MemoryLimits& memory) {
  if (memory.swap.value_or(0) <= 0 || memory.limit.value_or(0) > 0) return {};
  const auto standing = parse_integer<int64_t>(cgroup.read("memory", "memory.max").value_or(""));
  if (!standing || memory.limit.value_or(0) == -1)
    return invalid_argument("unable to set swap limit without memory limit");
  if (*memory.swap < *standing) return invalid_argument("memory+swap limit should be >= memory limit");
  memory.limit = standing;
  return {};
}

}  // namespace

Result<void> apply_limits(const linux::Cgroup& cgroup, const spec::Resources& asked) {
  spec::Resources resources = asked;
  if (resources.memory) TRY(check_usage(cgroup, *resources.memory));
  if (resources.memory && cgroup.unified_only()) TRY(complete_swap(cgroup, *resources.memory));
  const auto writes = cgroup.unified_only() ? limits_v2(resources) : limits_v1(resources);
  for (size_t i = 0; i < writes.size(); ++i) {
    auto written = write(cgroup, writes[i]);
    if (written.ok()) {
      TRY(check_shares(cgroup, writes[i]));
      continue;
    }
    const bool pair = i + 1 < writes.size() && ordered_pair(writes[i], writes[i + 1]);
    if (!pair) return std::move(written).error();
    TRY(write(cgroup, writes[i + 1]));
    TRY(write(cgroup, writes[i]));
    ++i;
  }
  return {};
}

Result<void> apply_devices(const linux::Cgroup& cgroup, const std::vector<spec::DeviceRule>& rules) {
  if (cgroup.unified_only()) return attach_device_program(*cgroup.directory(""), rules);
  if (!cgroup.directory("devices")) return unimplemented("this machine has no cgroup controller devices");
  for (const CgroupWrite& entry : device_writes_v1(rules)) TRY(write(cgroup, entry));
  return {};
}

}  // namespace hull::runtime
