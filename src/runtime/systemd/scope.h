#pragma once

#include <sys/types.h>

#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "linux/cgroup_layout.h"
#include "runtime/record.h"
#include "runtime/systemd/value.h"
#include "spec/runtime/resources.h"

/// A container's cgroup as a transient scope of systemd's: systemd makes it and knows its limits, so that it neither
/// undoes nor reports others; below it and for what systemd has no words for, we write the files ourselves (Delegate).
namespace hull::runtime::systemd {

/// The machine's systemd, or the user's own: a service of the former that rules over a part of the tree.
enum class Manager { kSystem, kUser };

/// "slice:prefix:name" of config.json.
struct ScopeName {
  std::string slice;    ///< "system.slice"
  std::string unit;     ///< "prefix-name.scope"
  std::string above{};  ///< the manager's cgroup: "", or as "/user.slice/user-7.slice/user@7.service"
  Manager manager = Manager::kSystem;
  /// From the hierarchy's root: "/a.slice/a-b.slice/prefix-name.scope".
  std::string cgroup_path() const;
};
/// Empty: "system.slice:runc:<id>", or below "user.slice". Errors: kInvalidArgument in runc's words.
Result<ScopeName> parse_scope(const std::string& cgroups_path, const std::string& id,
                              Manager manager = Manager::kSystem);
/// The cgroup that the user's manager rules over.
Result<std::string> cgroup_of_user_manager();

struct Property {
  using DeviceAllow = std::vector<std::pair<std::string, std::string>>;  ///< node and access
  using Bits = std::vector<uint8_t>;                                     ///< number n is bit n % 8 of byte n / 8
  std::string name;
  std::variant<bool, uint64_t, std::string, DeviceAllow, Bits, dbus::Value> value;
  bool operator==(const Property&) const = default;
};
/// What of the limits systemd has properties for; a list of CPUs that can't be read is left to the kernel. Source:
/// systemd.resource-control(5), org.freedesktop.systemd1(5).
std::vector<Property> properties_of(const spec::Resources& resources, linux::CgroupMode mode);
/// The rules for devices, where they can be said as a list of what is allowed; else systemd leaves devices to us.
/// char_names: of /proc/devices, for rules that allow every minor number.
std::vector<Property> device_properties(const std::vector<spec::DeviceRule>& rules, const std::string& proc_devices);

/// Who made a container's scope.
inline Manager manager_of(const RecordDetails& details) {
  return details.systemd_user ? Manager::kUser : Manager::kSystem;
}

/// Makes the scope with one process in it, and waits until it is there.
/// Errors: kUnavailable: no systemd answers; kFailedPrecondition: in systemd's words.
Result<void> start_scope(const ScopeName& name, const std::string& container_id, pid_t first,
                         const std::vector<Property>& properties);
/// Until the next boot.
Result<void> set_properties(Manager manager, const std::string& unit, const std::vector<Property>& properties);
/// Moves a process of the user's into the unit's cgroup, from wherever it is: systemd may do so where the user may not.
Result<void> attach_process(Manager manager, const std::string& unit, pid_t pid);
/// Stops the unit and forgets a failure of it; one that is gone is no error.
Result<void> stop_scope(Manager manager, const std::string& unit);

}  // namespace hull::runtime::systemd
