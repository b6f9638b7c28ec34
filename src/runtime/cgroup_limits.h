#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "linux/cgroup.h"
#include "spec/runtime/linux.h"

/// A container's limits as writes to cgroup files.
namespace hull::runtime {

struct CgroupWrite {
  std::string controller;
  std::string file;
  std::string value;
  std::string other_file{};   ///< written where the kernel has not the first
  std::string other_value{};  ///< empty: the same value
  bool dispensable = false;   ///< where the kernel has no such file, nothing is to be limited
  bool operator==(const CgroupWrite&) const = default;
};

/// In the order in which the kernel takes them. Devices are not among them.
/// Source: OCI runtime-spec, config-linux.md; kernel cgroup-v1/*.rst, cgroup-v2.rst; the conversions are runc's.
std::vector<CgroupWrite> limits_v1(const spec::Resources& resources);
std::vector<CgroupWrite> limits_v2(const spec::Resources& resources);

/// The rules that stand after those of the document: what every container may use. Source: runtime-spec, "Default
/// Devices"; runc, libcontainer/specconv.
std::vector<spec::DeviceRule> with_default_devices(std::vector<spec::DeviceRule> rules,
                                                   const std::vector<spec::Device>& made);
/// The first is "a" to devices.deny unless the rules allow all.
std::vector<CgroupWrite> device_writes_v1(const std::vector<spec::DeviceRule>& rules);

/// Writes all limits. Errors: kUnimplemented, in runc's words, names a controller in which the container has no cgroup.
Result<void> apply_limits(const linux::Cgroup& cgroup, const spec::Resources& resources);
Result<void> apply_devices(const linux::Cgroup& cgroup, const std::vector<spec::DeviceRule>& rules);

/// A line of rdma.max, the same in v1 and v2.
std::string rdma_line(const std::string& device, const spec::RdmaLimits& limits);

/// cpu.shares (2-262144) to cpu.weight (1-10000): a curve through least, default (1024 is 100) and most, as runc 1.3
/// and crun 1.23 have it.
uint64_t weight_of_shares(uint64_t shares);

}  // namespace hull::runtime
