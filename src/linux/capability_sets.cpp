#include "linux/capability_sets.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

#include "base/text.h"

namespace hull::linux {
namespace {

constexpr std::string_view kNames[] = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

constexpr CapabilityMask bit(int number) { return CapabilityMask{1} << number; }

}  // namespace

std::optional<int> capability_number(std::string_view name) {
  for (size_t i = 0; i < std::size(kNames); ++i)
    if (equals_ignoring_case(kNames[i], name)) return static_cast<int>(i);
  return std::nullopt;
}

std::string_view capability_name(int number) {
  if (number < 0 || static_cast<size_t>(number) >= std::size(kNames)) return "";
  return kNames[number];
}

Result<CapabilityMask> held_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (::syscall(SYS_capget, &header, data) == -1) return Error::from_errno(errno, "read capabilities");
  return data[0].permitted | CapabilityMask{data[1].permitted} << 32;
}

Result<void> limit_bounding_set(CapabilityMask mask) {
  for (int number = 0; number < 64; ++number) {
    if (mask & bit(number)) continue;
    if (::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) break;  // the kernel knows no more
    const Error refused =
        Error::from_errno(errno, "drop " + std::string(capability_name(number)) + " from the bounding set");
    // Without CAP_SETPCAP the kernel refuses also what is not in the set.
    if (::prctl(PR_CAPBSET_READ, number, 0, 0, 0) == 1) return refused;
  }
  return {};
}

Result<void> set_capabilities(const CapabilitySets& sets) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {
      {static_cast<uint32_t>(sets.effective), static_cast<uint32_t>(sets.permitted),
       static_cast<uint32_t>(sets.inheritable)},
      {static_cast<uint32_t>(sets.effective >> 32), static_cast<uint32_t>(sets.permitted >> 32),
       static_cast<uint32_t>(sets.inheritable >> 32)},
  };
  if (::syscall(SYS_capset, &header, data) == -1) return Error::from_errno(errno, "set capabilities");
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1)
    return Error::from_errno(errno, "clear ambient capabilities");
  for (int number = 0; number < 64; ++number) {
    if (!(sets.ambient & bit(number))) continue;
    // A capability that is not inheritable and permitted can't be ambient; runc passes over it too.
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) == -1 && errno != EPERM)
      return Error::from_errno(errno, "raise ambient " + std::string(capability_name(number)));
  }
  return {};
}

}  // namespace hull::linux
