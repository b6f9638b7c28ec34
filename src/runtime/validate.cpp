#include "runtime/validate.h"

#include <algorithm>
#include <set>

#include "base/files.h"
#include "linux/namespaces.h"
#include "linux/net_device.h"
#include "linux/process_attributes.h"
#include "runtime/intel_rdt.h"
#include "runtime/seccomp_notify.h"

namespace hull::runtime {
namespace {

using spec::NamespaceType;

Error bad(std::string_view field, std::string_view problem) {
  return invalid_argument(std::string(field) + ": " + std::string(problem));
}

const spec::Namespace* find(const spec::Linux& part, NamespaceType type) {
  for (const spec::Namespace& space : part.namespaces)
    if (space.type == type) return &space;
  return nullptr;
}

Result<void> check_version(const std::string& version) {
  if (version.substr(0, 2) == "1.") return {};
  return bad("ociVersion", "unsupported version \"" + version + "\"");
}

Result<void> check_namespaces(const spec::Linux& part) {
  std::set<NamespaceType> seen;
  for (const spec::Namespace& space : part.namespaces) {
    const std::string name(json::name_of(space.type));
    if (!seen.insert(space.type).second) return bad("linux.namespaces", "malformed: " + name + " stands twice");
    if (!space.path.empty() && space.path[0] != '/')
      return bad("linux.namespaces", name + " path is not absolute: \"" + space.path + "\"");
    if (!space.path.empty() && !exists(space.path))
      return not_found("linux.namespaces: " + name + " path \"" + space.path + "\": no such file or directory");
    if (!exists("/proc/self/ns/" + std::string(name == "network" ? "net" : name == "mount" ? "mnt" : name)))
      return unimplemented("linux.namespaces: the kernel has no " + name + " namespaces");
  }
  if (seen.count(NamespaceType::kMount)) return {};
  if (seen.count(NamespaceType::kUser))
    return bad("linux.namespaces", "a mount namespace is required with a user namespace");
  if (!part.masked_paths.empty() || !part.readonly_paths.empty())
    return bad("linux.namespaces", "unable to restrict sys entries without a private MNT namespace");
  return {};
}

Result<void> check_mapping(std::string_view field, const std::vector<spec::IdMapping>& mappings) {
  constexpr size_t kMost = 340;  // user_namespaces(7)
  if (mappings.size() > kMost) return bad(field, "more than 340 lines");
  for (size_t i = 0; i < mappings.size(); ++i) {
    const spec::IdMapping& a = mappings[i];
    if (a.size == 0) return bad(field, "size is 0");
    const uint64_t limit = UINT32_MAX;  // the id 4294967295 itself means "none"
    if (uint64_t{a.container_id} + a.size > limit || uint64_t{a.host_id} + a.size > limit)
      return bad(field, "range of " + std::to_string(a.size) + " is out of range");
    for (size_t j = 0; j < i; ++j) {
      const spec::IdMapping& b = mappings[j];
      const auto overlap = [](uint64_t x, uint64_t n, uint64_t y, uint64_t m) { return x < y + m && y < x + n; };
      if (overlap(a.container_id, a.size, b.container_id, b.size) || overlap(a.host_id, a.size, b.host_id, b.size))
        return bad(field, "ranges overlap");
    }
  }
  return {};
}

bool mapped(const std::vector<spec::IdMapping>& mappings, uint32_t id) {
  return std::any_of(mappings.begin(), mappings.end(), [&](const spec::IdMapping& range) {
    return id >= range.container_id && id - range.container_id < range.size;
  });
}

Result<void> check_user_namespace(const spec::RuntimeSpec& spec, const spec::Linux& part) {
  const spec::Namespace* user = find(part, NamespaceType::kUser);
  const bool has_mappings = !part.uid_mappings.empty() || !part.gid_mappings.empty();
  if (!user && has_mappings) return bad("linux.uidMappings", "given without a user namespace");
  TRY(check_mapping("linux.uidMappings", part.uid_mappings));
  TRY(check_mapping("linux.gidMappings", part.gid_mappings));
  if (!user || !user->path.empty()) return {};
  if (part.uid_mappings.empty()) return bad("linux.uidMappings", "is required with a new user namespace");
  if (part.gid_mappings.empty()) return bad("linux.gidMappings", "is required with a new user namespace");
  const spec::User& who = spec.process->user;
  if (!mapped(part.uid_mappings, 0) || !mapped(part.gid_mappings, 0))
    return bad("linux.uidMappings", "the id 0 of the container is not mapped");
  if (!mapped(part.uid_mappings, who.uid))
    return bad("process.user.uid", std::to_string(who.uid) + " is not mapped in the user namespace");
  if (!mapped(part.gid_mappings, who.gid))
    return bad("process.user.gid", std::to_string(who.gid) + " is not mapped in the user namespace");
  for (const uint32_t gid : who.additional_gids)
    if (!mapped(part.gid_mappings, gid))
      return bad("process.user.additionalGids", std::to_string(gid) + " is not mapped in the user namespace");
  return {};
}

bool is_own_ipc_sysctl(std::string_view key) {
  for (const std::string_view known : {"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall",
                                       "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"})
    if (key == known) return true;
  return key.substr(0, 10) == "fs.mqueue.";
}

/// Only what belongs to a namespace of the container's own may be written: anything else is the host's.
/// Source: runc, libcontainer/configs/validate.
Result<void> check_sysctl(const spec::Linux& part) {
  const auto host_network = [&] {
    const spec::Namespace* net = find(part, NamespaceType::kNetwork);
    return !net || (!net->path.empty() && linux::same_namespace(net->path, "/proc/self/ns/net").value_or(true));
  };
  for (const auto& [raw, value] : part.sysctl) {
    std::string key = raw;
    std::replace(key.begin(), key.end(), '/', '.');
    if (key.find("..") != std::string::npos) return bad("linux.sysctl", "malformed name \"" + raw + "\"");
    if (is_own_ipc_sysctl(key)) {
      if (!find(part, NamespaceType::kIpc))
        return bad("linux.sysctl", raw + " is not allowed in the host's ipc namespace");
    } else if (key.substr(0, 4) == "net.") {
      if (host_network()) return bad("linux.sysctl", raw + " is not allowed in the host's network namespace");
    } else if (key == "kernel.domainname") {
      if (!find(part, NamespaceType::kUts))
        return bad("linux.sysctl", raw + " is not allowed in the host's uts namespace");
    } else {
      return bad("linux.sysctl", raw + " is not in a separate kernel namespace");
    }
  }
  return {};
}

Result<void> check_mounts(const std::vector<spec::Mount>& mounts) {
  for (size_t i = 0; i < mounts.size(); ++i) {
    const std::string field = "mounts[" + std::to_string(i) + "]";
    const std::string& destination = mounts[i].destination;
    if (destination.empty() || destination[0] != '/')
      return bad(field + ".destination", "is not an absolute path: \"" + destination + "\"");
    if (destination.find_first_not_of("/.") == std::string::npos)
      return bad(field + ".destination", "can't be the root itself: \"" + destination + "\"");
    TRY(check_mapping(field + ".uidMappings", mounts[i].uid_mappings));
    TRY(check_mapping(field + ".gidMappings", mounts[i].gid_mappings));
    if (mounts[i].uid_mappings.empty() != mounts[i].gid_mappings.empty())
      return bad(field, "uidMappings and gidMappings go together");
  }
  return {};
}

Result<void> check_devices(const std::vector<spec::Device>& devices) {
  for (size_t i = 0; i < devices.size(); ++i) {
    const std::string field = "linux.devices[" + std::to_string(i) + "]";
    const spec::Device& device = devices[i];
    if (device.path.empty() || device.path[0] != '/')
      return bad(field + ".path", "is not absolute: \"" + device.path + "\"");
    if (device.type != "c" && device.type != "b" && device.type != "u" && device.type != "p")
      return bad(field + ".type", "invalid device type \"" + device.type + "\"");
    if (device.major < 0 || device.minor < 0 || device.major > 0xfff || device.minor > 0xfffff)
      return bad(field, "number out of range: " + std::to_string(device.major) + ":" + std::to_string(device.minor));
  }
  return {};
}

Result<void> check_hooks(const spec::Hooks& hooks) {
  const std::pair<std::string_view, const std::vector<spec::Hook>*> all[] = {
      {"prestart", &hooks.prestart},
      {"createRuntime", &hooks.create_runtime},
      {"createContainer", &hooks.create_container},
      {"startContainer", &hooks.start_container},
      {"poststart", &hooks.poststart},
      {"poststop", &hooks.poststop},
  };
  for (const auto& [name, list] : all) {
    for (const spec::Hook& hook : *list) {
      const std::string field = "hooks." + std::string(name);
      if (hook.path.empty() || hook.path[0] != '/') return bad(field, "path is not absolute: \"" + hook.path + "\"");
      if (hook.timeout && *hook.timeout <= 0)
        return bad(field, "timeout must be above 0, got " + std::to_string(*hook.timeout));
    }
  }
  return {};
}

Result<void> check_time(const spec::Linux& part) {
  if (part.time_offsets.empty()) return {};
  const spec::Namespace* time = find(part, NamespaceType::kTime);
  if (!time || !time->path.empty()) return bad("linux.timeOffsets", "needs a new time namespace");
  for (const auto& [clock, offset] : part.time_offsets)
    if (clock != "monotonic" && clock != "boottime") return bad("linux.timeOffsets", "unknown clock \"" + clock + "\"");
  return {};
}

Result<void> check_net_devices(const spec::Linux& part) {
  if (part.net_devices.empty()) return {};
  const spec::Namespace* net = find(part, NamespaceType::kNetwork);
  if (!net || (!net->path.empty() && linux::same_namespace(net->path, "/proc/self/ns/net").value_or(false)))
    return bad("linux.netDevices", "unable to move network devices without a private NET namespace");
  for (const auto& [name, device] : part.net_devices)
    for (const std::string& text : {name, device.name.empty() ? name : device.name})
      if (!linux::is_net_device_name(text))
        return bad("linux.netDevices", "invalid network device name \"" + text + "\"");
  return {};
}

/// What not every kernel has.
Result<void> check_machine(const spec::Linux& part) {
  if (part.intel_rdt) TRY(check_intel_rdt(*part.intel_rdt));
  if (!part.mount_label.empty() && !exists("/sys/fs/selinux/enforce"))
    return unimplemented("linux.mountLabel: SELinux is not enabled on this machine");
  return {};
}

Result<void> check_linux(const spec::RuntimeSpec& spec, const spec::Linux& part) {
  TRY(check_namespaces(part));
  TRY(check_user_namespace(spec, part));
  TRY(check_sysctl(part));
  TRY(check_time(part));
  TRY(check_net_devices(part));
  TRY(check_devices(part.devices));
  if (part.resources) TRY(validate_resources(*part.resources, "linux.resources"));
  if (!spec.hostname.empty() && !find(part, NamespaceType::kUts))
    return bad("hostname", "unable to set hostname without a private UTS namespace");
  if (!spec.domainname.empty() && !find(part, NamespaceType::kUts))
    return bad("domainname", "unable to set domainname without a private UTS namespace");
  const std::set<std::string> propagations = {"",       "private", "rprivate",   "slave",      "rslave",
                                              "shared", "rshared", "unbindable", "runbindable"};
  if (!propagations.count(part.rootfs_propagation))
    return bad("linux.rootfsPropagation", "unknown value \"" + part.rootfs_propagation + "\"");
  if (part.personality && part.personality->domain != "LINUX" && part.personality->domain != "LINUX32")
    return bad("linux.personality.domain", "unknown value \"" + part.personality->domain + "\"");
  if (part.personality && !part.personality->flags.empty())
    return unimplemented("linux.personality.flags: none is supported");
  if (const auto& policy = part.memory_policy) {
    auto known = linux::check_memory_policy({policy->mode, policy->nodes, policy->flags});
    TRY(std::move(known).context("linux.memoryPolicy"));
  }
  if (part.seccomp) TRY(check_notify(*part.seccomp));
  return check_machine(part);
}

}  // namespace

Result<void> validate(const spec::RuntimeSpec& spec) {
  TRY(check_version(spec.oci_version));
  if (!spec.root || spec.root->path.empty()) return bad("root.path", "is required");
  if (!spec.process) return bad("process", "is required");
  TRY(validate_process(*spec.process, "process"));
  TRY(check_mounts(spec.mounts));
  if (spec.hooks) TRY(check_hooks(*spec.hooks));
  for (const auto& [key, value] : spec.annotations)
    if (key.empty()) return bad("annotations", "a key is empty");
  if (!spec.linux_part) return bad("linux", "is required");
  return check_linux(spec, *spec.linux_part);
}

namespace {

template <class T>
Result<void> at_least(const std::string& field, const std::optional<T>& value, int64_t lowest) {
  if (value && static_cast<int64_t>(*value) < lowest)
    return bad(field, "must be at least " + std::to_string(lowest) + ", got " + std::to_string(*value));
  return {};
}

}  // namespace

Result<void> validate_resources(const spec::Resources& resources, std::string_view where) {
  const std::string prefix(where);
  if (const auto& memory = resources.memory) {
    TRY(at_least(prefix + ".memory.limit", memory->limit, -1));
    TRY(at_least(prefix + ".memory.reservation", memory->reservation, -1));
    TRY(at_least(prefix + ".memory.swap", memory->swap, -1));
    if (memory->swappiness && *memory->swappiness > 100)
      return bad(prefix + ".memory.swappiness",
                 "must lie between 0 and 100, got " + std::to_string(*memory->swappiness));
    if (memory->swap.value_or(0) > 0 && memory->limit.value_or(0) > 0 && *memory->swap < *memory->limit)
      return bad(prefix + ".memory.swap", "memory+swap limit should be >= memory limit");
  }
  if (const auto& cpu = resources.cpu) {
    TRY(at_least(prefix + ".cpu.quota", cpu->quota, -1));
    if (cpu->idle && *cpu->idle != 0 && *cpu->idle != 1) return bad(prefix + ".cpu.idle", "must be 0 or 1");
  }
  if (resources.pids && resources.pids->limit < -1)
    return bad(prefix + ".pids.limit", "must be at least -1, got " + std::to_string(resources.pids->limit));
  for (const spec::DeviceRule& rule : resources.devices) {
    if (rule.type != "" && rule.type != "a" && rule.type != "b" && rule.type != "c")
      return bad(prefix + ".devices", "invalid device type \"" + rule.type + "\"");
    if (rule.access.find_first_not_of("rwm") != std::string::npos)
      return bad(prefix + ".devices", "invalid access \"" + rule.access + "\"");
  }
  for (const auto& [file, value] : resources.unified)
    if (file.find('/') != std::string::npos) return bad(prefix + ".unified", "\"" + file + "\" is not a file name");
  return {};
}

}  // namespace hull::runtime
