#include "engine/containers/oci/mounts.h"

#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/text.h"

namespace hull::engine::oci {
namespace {

constexpr std::string_view kInitPath = "/sbin/docker-init";

std::vector<spec::Mount> system_mounts(const MountInput& input) {
  const bool privileged = input.host.privileged;
  const std::string access = privileged ? "rw" : "ro";
  const int64_t shm = input.host.shm_size > 0 ? input.host.shm_size : input.default_shm_size;
  std::vector<spec::Mount> mounts;
  const auto add = [&](const char* path, const char* type, const char* source, std::vector<std::string> options) {
    mounts.push_back({path, type, source, std::move(options), {}, {}});
  };
  add("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"});
  add("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"});
  add("/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"});
  add("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", access});
  add("/sys/fs/cgroup", "cgroup", "cgroup", {access, "nosuid", "noexec", "nodev"});
  if (input.host.ipc_mode == "host") {
    add("/dev/mqueue", "bind", "/dev/mqueue", {"rbind", "nosuid", "noexec", "nodev"});
    add("/dev/shm", "bind", "/dev/shm", {"rbind", "nosuid", "noexec", "nodev"});
    if (!exists("/dev/mqueue")) mounts.erase(mounts.end() - 2);
  } else {
    add("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"});
    if (!input.shared_memory.empty())
      add("/dev/shm", "bind", input.shared_memory.c_str(), {"rbind", "rprivate", "nosuid", "noexec", "nodev"});
    else if (input.host.ipc_mode != "none")
      add("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=" + std::to_string(shm)});
  }
  return mounts;
}

spec::Mount bind(const std::string& destination, const std::string& source, std::vector<std::string> options) {
  return {destination, "bind", source, std::move(options), {}, {}};
}

void add_files(const MountInput& input, std::vector<spec::Mount>& mounts) {
  for (const auto* name : {"resolv.conf", "hostname", "hosts"}) {
    const std::string source = input.files_directory + "/" + name;
    if (exists(source)) mounts.push_back(bind("/etc/" + std::string(name), source, {"rbind", "rprivate"}));
  }
  if (!input.init_binary.empty()) mounts.push_back(bind(std::string(kInitPath), input.init_binary, {"bind", "ro"}));
}

spec::Mount planned(const MountPlan& plan) {
  if (plan.kind == MountKind::kTmpfs) return {plan.destination, "tmpfs", "tmpfs", plan.tmpfs_options, {}, {}};
  std::vector<std::string> options{plan.recursive ? "rbind" : "bind"};
  options.push_back(plan.propagation.empty() ? "rprivate" : plan.propagation);
  if (plan.read_only) options.emplace_back(plan.recursive && plan.read_only_recursive ? "rro" : "ro");
  return bind(plan.destination, plan.source, std::move(options));
}

size_t depth(const std::string& path) { return static_cast<size_t>(std::count(path.begin(), path.end(), '/')); }

/// Whether `path` is `parent` or lies below it.
bool within(const std::string& path, const std::string& parent) {
  return path == parent || (path.starts_with(parent) && path[parent.size()] == '/');
}

struct Flag {
  std::string_view name;
  std::string_view group;  // the last one of a group counts
};
constexpr std::array kTmpfsFlags = {Flag{"exec", "exec"},
                                    Flag{"noexec", "exec"},
                                    Flag{"suid", "suid"},
                                    Flag{"nosuid", "suid"},
                                    Flag{"dev", "dev"},
                                    Flag{"nodev", "dev"},
                                    Flag{"ro", "write"},
                                    Flag{"rw", "write"},
                                    Flag{"atime", "atime"},
                                    Flag{"noatime", "atime"},
                                    Flag{"relatime", "atime"},
                                    Flag{"strictatime", "atime"},
                                    Flag{"sync", "sync"},
                                    Flag{"async", "sync"},
                                    Flag{"diratime", "dirtime"},
                                    Flag{"nodiratime", "dirtime"},
                                    Flag{"private", "propagation"},
                                    Flag{"rprivate", "propagation"},
                                    Flag{"slave", "propagation"},
                                    Flag{"rslave", "propagation"},
                                    Flag{"shared", "propagation"},
                                    Flag{"rshared", "propagation"}};
constexpr std::array<std::string_view, 7> kTmpfsValues = {"size",      "mode",      "uid", "gid",
                                                          "nr_inodes", "nr_blocks", "mpol"};

std::string_view group_of(std::string_view option) {
  for (const Flag& flag : kTmpfsFlags)
    if (flag.name == option) return flag.group;
  const auto parts = cut(option, "=");
  if (parts && std::find(kTmpfsValues.begin(), kTmpfsValues.end(), parts->before) != kTmpfsValues.end())
    return parts->before;
  return {};
}

}  // namespace

std::vector<spec::Mount> mounts_of(const MountInput& input) {
  std::vector<spec::Mount> mounts = system_mounts(input);
  add_files(input, mounts);
  const auto replaced = [&](const spec::Mount& mount) {
    return std::any_of(input.plans.begin(), input.plans.end(), [&](const MountPlan& plan) {
      return plan.destination == mount.destination || (plan.destination == "/dev" && within(mount.destination, "/dev"));
    });
  };
  std::erase_if(mounts, replaced);
  std::vector<spec::Mount> wanted;
  for (const MountPlan& plan : input.plans) wanted.push_back(planned(plan));
  // A mount must come after the one that it lies in.
  std::stable_sort(wanted.begin(), wanted.end(),
                   [](const auto& a, const auto& b) { return depth(a.destination) < depth(b.destination); });
  for (auto& mount : wanted) {
    const auto before = std::find_if(mounts.begin(), mounts.end(), [&](const spec::Mount& other) {
      return other.destination != mount.destination && within(other.destination, mount.destination);
    });
    mounts.insert(before, std::move(mount));
  }
  return mounts;
}

Result<std::vector<std::string>> tmpfs_options(std::string_view given) {
  std::vector<std::string> options{"noexec", "nosuid", "nodev"};
  for (const auto option : split(given, ',')) {
    if (option.empty() || option == "defaults") continue;
    const auto group = group_of(option);
    if (group.empty()) return invalid_argument("invalid tmpfs option [\"" + std::string(option) + "\"]");
    std::erase_if(options, [&](const std::string& other) { return group_of(other) == group; });
    options.emplace_back(option);
  }
  return options;
}

}  // namespace hull::engine::oci
