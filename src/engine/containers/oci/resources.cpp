#include "engine/containers/oci/resources.h"

#include <sys/resource.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::engine::oci {
namespace {

constexpr int64_t kDefaultPeriod = 100000;  // microseconds

std::optional<spec::CpuLimits> cpu_of(const api::Resources& resources) {
  spec::CpuLimits cpu;
  if (resources.cpu_shares > 0) cpu.shares = static_cast<uint64_t>(resources.cpu_shares);
  if (resources.cpu_period > 0) cpu.period = static_cast<uint64_t>(resources.cpu_period);
  if (resources.cpu_quota != 0) cpu.quota = resources.cpu_quota;
  if (resources.nano_cpus > 0) {
    cpu.period = kDefaultPeriod;
    cpu.quota = resources.nano_cpus * kDefaultPeriod / 1'000'000'000;
  }
  if (resources.cpu_realtime_period > 0) cpu.realtime_period = static_cast<uint64_t>(resources.cpu_realtime_period);
  if (resources.cpu_realtime_runtime != 0) cpu.realtime_runtime = resources.cpu_realtime_runtime;
  cpu.cpus = resources.cpuset_cpus;
  cpu.mems = resources.cpuset_mems;
  return cpu == spec::CpuLimits() ? std::nullopt : std::optional(cpu);
}

std::optional<spec::MemoryLimits> memory_of(const api::Resources& resources) {
  spec::MemoryLimits memory;
  if (resources.memory > 0) memory.limit = resources.memory;
  if (resources.memory_reservation > 0) memory.reservation = resources.memory_reservation;
  if (resources.kernel_memory_tcp > 0) memory.kernel_tcp = resources.kernel_memory_tcp;
  if (resources.memory_swap != 0) {
    memory.swap = resources.memory_swap;
  } else if (resources.memory > 0) {
    // Docker's default: as much swap as memory.
    memory.swap = resources.memory <= INT64_MAX / 2 ? 2 * resources.memory : -1;
  }
  if (resources.memory_swappiness && *resources.memory_swappiness >= 0)
    memory.swappiness = static_cast<uint64_t>(*resources.memory_swappiness);
  if (resources.oom_kill_disable && *resources.oom_kill_disable) memory.disable_oom_killer = true;
  return memory == spec::MemoryLimits() ? std::nullopt : std::optional(memory);
}

Result<std::pair<int64_t, int64_t>> block_device(const std::string& path) {
  const auto info = TRY(sys::stat(path).context("block I/O limit"));
  if (!S_ISBLK(info.st_mode)) return invalid_argument("block I/O limit: " + path + " is not a block device");
  return std::pair<int64_t, int64_t>(major(info.st_rdev), minor(info.st_rdev));
}

Result<std::vector<spec::BlockThrottle>> throttles(const std::optional<std::vector<api::ThrottleDevice>>& devices) {
  std::vector<spec::BlockThrottle> out;
  for (const auto& device : devices.value_or(std::vector<api::ThrottleDevice>())) {
    const auto [major_number, minor_number] = TRY(block_device(device.path));
    out.push_back({major_number, minor_number, device.rate});
  }
  return out;
}

Result<std::optional<spec::BlockIo>> block_io_of(const api::Resources& resources) {
  spec::BlockIo io;
  if (resources.blkio_weight > 0) io.weight = resources.blkio_weight;
  for (const auto& device : resources.blkio_weight_device.value_or(std::vector<api::WeightDevice>())) {
    const auto [major_number, minor_number] = TRY(block_device(device.path));
    io.weight_device.push_back({major_number, minor_number, device.weight, std::nullopt});
  }
  io.read_bps = TRY(throttles(resources.blkio_device_read_bps));
  io.write_bps = TRY(throttles(resources.blkio_device_write_bps));
  io.read_iops = TRY(throttles(resources.blkio_device_read_iops));
  io.write_iops = TRY(throttles(resources.blkio_device_write_iops));
  return io == spec::BlockIo() ? std::optional<spec::BlockIo>() : std::optional(io);
}

spec::DeviceRule rule(bool allow, std::string type, std::optional<int64_t> major_number,
                      std::optional<int64_t> minor_number, std::string access) {
  return {allow, std::move(type), major_number, minor_number, std::move(access)};
}

/// What every container may use, as runtimes have it; given in full, so that no runtime has to add to it.
std::vector<spec::DeviceRule> default_rules() {
  const std::optional<int64_t> any;
  return {rule(false, "", any, any, "rwm"), rule(true, "c", any, any, "m"), rule(true, "b", any, any, "m"),
          rule(true, "c", 1, 3, "rwm"),     rule(true, "c", 1, 5, "rwm"),   rule(true, "c", 1, 7, "rwm"),
          rule(true, "c", 1, 8, "rwm"),     rule(true, "c", 1, 9, "rwm"),   rule(true, "c", 5, 0, "rwm"),
          rule(true, "c", 5, 1, "rwm"),     rule(true, "c", 5, 2, "rwm"),   rule(true, "c", 136, any, "rwm")};
}

std::optional<spec::Device> node_at(const std::string& host, const std::string& inside) {
  const auto info = sys::stat(host);
  if (!info.ok() || !(S_ISCHR(info->st_mode) || S_ISBLK(info->st_mode))) return std::nullopt;
  spec::Device node;
  node.path = inside;
  node.type = S_ISCHR(info->st_mode) ? "c" : "b";
  node.major = major(info->st_rdev);
  node.minor = minor(info->st_rdev);
  node.file_mode = info->st_mode & 07777;
  node.uid = info->st_uid;
  node.gid = info->st_gid;
  return node;
}

/// Device nodes below a directory of the host, but those that each container has of its own.
void collect_nodes(const std::string& host, const std::string& inside, int depth, std::vector<spec::Device>& nodes) {
  constexpr int kMaxDepth = 8;
  if (depth > kMaxDepth) return;
  for (const std::string& name : list_directory(host).value_or({})) {
    if (depth == 0 && (name == "pts" || name == "shm" || name == "fd" || name == "mqueue" || name == "console" ||
                       name == ".lxc" || name == ".lxd-mounts" || name == ".udev"))
      continue;
    const std::string path = host + "/" + name;
    const auto info = sys::lstat(path);
    if (!info.ok()) continue;
    if (S_ISDIR(info->st_mode)) collect_nodes(path, inside + "/" + name, depth + 1, nodes);
    if (S_ISCHR(info->st_mode) || S_ISBLK(info->st_mode))
      if (auto node = node_at(path, inside + "/" + name)) nodes.push_back(std::move(*node));
  }
}

Result<void> add_device(const api::DeviceMapping& mapping, Devices& devices) {
  const std::string inside = mapping.path_in_container.empty() ? mapping.path_on_host : mapping.path_in_container;
  const std::string access = mapping.cgroup_permissions.empty() ? "rwm" : mapping.cgroup_permissions;
  if (access.find_first_not_of("rwm") != std::string::npos)
    return invalid_argument("invalid device permissions \"" + access + "\" for " + mapping.path_on_host);
  std::vector<spec::Device> nodes;
  if (auto node = node_at(mapping.path_on_host, inside)) {
    nodes.push_back(std::move(*node));
  } else {
    collect_nodes(mapping.path_on_host, inside, 1, nodes);
  }
  if (nodes.empty())
    return invalid_argument("error gathering device information while adding custom device \"" + mapping.path_on_host +
                            "\": no such file or directory");
  for (auto& node : nodes) {
    devices.rules.push_back(rule(true, node.type, node.major, node.minor, access));
    devices.nodes.push_back(std::move(node));
  }
  return {};
}

Error bad_rule(const std::string& text) {
  return invalid_argument("invalid device cgroup rule format: '" + text + "'");
}

/// "c 42:* rwm"
Result<spec::DeviceRule> parse_rule(const std::string& text) {
  const auto words = split(text, ' ');
  if (words.size() != 3 || words[0].size() != 1 || std::string_view("abc").find(words[0]) == std::string_view::npos)
    return bad_rule(text);
  const auto numbers = cut(words[1], ":");
  if (!numbers || words[2].empty() || words[2].find_first_not_of("rwm") != std::string_view::npos)
    return bad_rule(text);
  spec::DeviceRule out = rule(true, std::string(words[0]), {}, {}, std::string(words[2]));
  if (numbers->before != "*" && !(out.major = parse_integer<int64_t>(numbers->before))) return bad_rule(text);
  if (numbers->after != "*" && !(out.minor = parse_integer<int64_t>(numbers->after))) return bad_rule(text);
  return out;
}

constexpr std::array<std::string_view, 15> kLimits = {"core",    "cpu",      "data",   "fsize",      "locks",
                                                      "memlock", "msgqueue", "nice",   "nofile",     "nproc",
                                                      "rss",     "rtprio",   "rttime", "sigpending", "stack"};

Result<spec::Rlimit> rlimit_of(const api::Ulimit& limit) {
  if (std::find(kLimits.begin(), kLimits.end(), limit.name) == kLimits.end())
    return invalid_argument("invalid ulimit type: " + limit.name);
  if (limit.hard != -1 && (limit.soft == -1 || limit.soft > limit.hard))
    return invalid_argument("ulimit soft limit must be less than or equal to hard limit: " + limit.name + " " +
                            std::to_string(limit.soft) + " > " + std::to_string(limit.hard));
  std::string upper = "RLIMIT_" + limit.name;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(::toupper(c)); });
  return spec::Rlimit{std::move(upper), static_cast<uint64_t>(limit.hard), static_cast<uint64_t>(limit.soft)};
}

uint64_t own_hard_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : 1024;
}

}  // namespace

Result<spec::Resources> resources_of(const api::Resources& resources) {
  spec::Resources out;
  out.cpu = cpu_of(resources);
  out.memory = memory_of(resources);
  out.block_io = TRY(block_io_of(resources));
  if (resources.pids_limit && *resources.pids_limit != 0) out.pids = spec::PidsLimit{*resources.pids_limit};
  return out;
}

Result<Devices> devices_of(const api::Resources& resources, bool privileged) {
  Devices devices;
  if (privileged) {
    devices.rules.push_back(rule(true, "", {}, {}, "rwm"));
    collect_nodes("/dev", "/dev", 0, devices.nodes);
    return devices;
  }
  devices.rules = default_rules();
  for (const auto& mapping : resources.devices.value_or(std::vector<api::DeviceMapping>()))
    TRY(add_device(mapping, devices));
  for (const auto& text : resources.device_cgroup_rules.value_or(std::vector<std::string>()))
    devices.rules.push_back(TRY(parse_rule(text)));
  return devices;
}

Result<std::vector<spec::Rlimit>> rlimits_of(const std::vector<api::Ulimit>& given,
                                             const std::vector<api::Ulimit>& defaults) {
  std::vector<spec::Rlimit> limits;
  const auto names = [&](const std::string& type) {
    return std::any_of(limits.begin(), limits.end(), [&](const auto& limit) { return limit.type == type; });
  };
  for (const auto& limit : given) limits.push_back(TRY(rlimit_of(limit)));
  for (const auto& limit : defaults) {
    auto made = TRY(rlimit_of(limit));
    if (!names(made.type)) limits.push_back(std::move(made));
  }
  // What systemd gives to services: few for select(2)'s sake, many on demand; but nobody may give more than he has.
  if (!names("RLIMIT_NOFILE")) limits.push_back({"RLIMIT_NOFILE", std::min<uint64_t>(524288, own_hard_limit()), 1024});
  return limits;
}

}  // namespace hull::engine::oci
