#include "engine/containers/validate.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/text.h"
#include "engine/containers/links.h"
#include "engine/containers/oci/capabilities.h"
#include "engine/containers/oci/mounts.h"
#include "engine/containers/oci/resources.h"
#include "engine/containers/oci/security.h"
#include "engine/logs/options.h"

namespace hull::engine {
namespace {

constexpr int64_t kMinMemory = 6 << 20;
constexpr int64_t kMillisecond = 1'000'000;

Error bad(std::string text) { return invalid_argument(std::move(text)); }

Result<void> check_memory(const api::Resources& r) {
  if (r.memory != 0 && r.memory < kMinMemory) return bad("Minimum memory limit allowed is 6MB");
  if (r.memory > 0 && r.memory_swap > 0 && r.memory_swap < r.memory)
    return bad("Minimum memoryswap limit should be larger than memory limit, see usage");
  if (r.memory == 0 && r.memory_swap > 0)
    return bad("You should always set the Memory limit when using Memoryswap limit, see usage");
  if (r.memory_swap < -1)
    return bad("Invalid value: " + std::to_string(r.memory_swap) + ", MemorySwap must be -1 or above");
  if (r.memory_swappiness && (*r.memory_swappiness < -1 || *r.memory_swappiness > 100))
    return bad("Invalid value: " + std::to_string(*r.memory_swappiness) + ", valid memory swappiness range is 0-100");
  if (r.memory_reservation != 0 && r.memory_reservation < kMinMemory)
    return bad("Minimum memory reservation allowed is 6MB");
  if (r.memory > 0 && r.memory_reservation > 0 && r.memory < r.memory_reservation)
    return bad("Minimum memory limit can not be less than memory reservation limit, see usage");
  if (r.kernel_memory != 0 && r.kernel_memory < kMinMemory) return bad("Minimum kernel memory limit allowed is 6MB");
  return {};
}

/// Whether the list ("0-2,5") is well formed and nothing in it lies above `last`.
enum class Cpuset { kSound, kMalformed, kMissing };
Cpuset check_cpuset(std::string_view list, int64_t last) {
  Cpuset verdict = Cpuset::kSound;
  for (const auto part : split(list, ',')) {
    const auto range = cut(part, "-").value_or(Cut{part, part});
    const auto low = parse_integer<int64_t>(trim(range.before));
    const auto high = parse_integer<int64_t>(trim(range.after));
    if (!low || !high || *low < 0 || *high < *low) return Cpuset::kMalformed;
    if (*high > last) verdict = Cpuset::kMissing;
  }
  return verdict;
}

Result<void> check_cpu(const api::Resources& r) {
  const int64_t cpus = ::sysconf(_SC_NPROCESSORS_CONF);
  if (r.nano_cpus != 0 && r.cpu_period != 0)
    return bad("Conflicting options: Nano CPUs and CPU Period cannot both be set");
  if (r.nano_cpus != 0 && r.cpu_quota != 0)
    return bad("Conflicting options: Nano CPUs and CPU Quota cannot both be set");
  if (r.nano_cpus < 0 || r.nano_cpus > cpus * 1'000'000'000)
    return bad("range of CPUs is from 0.01 to " + std::to_string(cpus) + ".00, as there are only " +
               std::to_string(cpus) + " CPUs available");
  if (r.cpu_period != 0 && (r.cpu_period < 1000 || r.cpu_period > 1'000'000))
    return bad("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)");
  if (r.cpu_quota != 0 && r.cpu_quota < 1000 && r.cpu_quota != -1)
    return bad("CPU cfs quota can not be less than 1ms (i.e. 1000)");
  if (r.cpu_shares < 0) return bad("shares must be a positive number: CpuShares " + std::to_string(r.cpu_shares));
  if (!r.cpuset_cpus.empty()) {
    const auto verdict = check_cpuset(r.cpuset_cpus, cpus - 1);
    if (verdict == Cpuset::kMalformed) return bad("Invalid value " + r.cpuset_cpus + " for cpuset cpus");
    if (verdict == Cpuset::kMissing)
      return bad("Requested CPUs are not available - requested " + r.cpuset_cpus + ", available: 0-" +
                 std::to_string(cpus - 1));
  }
  if (!r.cpuset_mems.empty() && check_cpuset(r.cpuset_mems, INT64_MAX) == Cpuset::kMalformed)
    return bad("Invalid value " + r.cpuset_mems + " for cpuset mems");
  return {};
}

Result<void> check_process(const api::Config& config) {
  if (!config.working_dir.empty() && !config.working_dir.starts_with('/'))
    return bad("the working directory '" + config.working_dir + "' is invalid, it needs to be an absolute path");
  for (const std::string& entry : config.env.value_or(std::vector<std::string>())) {
    if (entry.empty() || entry.starts_with('=')) return bad("invalid environment variable: " + entry);
    if (entry.find('\0') != std::string::npos) return bad("invalid environment variable: it contains a zero byte");
  }
  if (!config.stop_signal.empty()) TRY(parse_signal(config.stop_signal));
  if (const int64_t seconds = config.stop_timeout.value_or(0); seconds > INT32_MAX || seconds < INT32_MIN)
    return bad("StopTimeout " + std::to_string(seconds) + " is out of range");
  if (config.hostname.size() > 64) return bad("invalid hostname format: " + config.hostname);
  const std::string allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  if (config.hostname.find_first_not_of(allowed) != std::string::npos || config.hostname.starts_with('-'))
    return bad("invalid hostname format: " + config.hostname);
  return {};
}

Result<void> check_health(const api::Config& config) {
  if (!config.healthcheck) return {};
  const auto& health = *config.healthcheck;
  const std::pair<const char*, int64_t> times[] = {{"Interval", health.interval},
                                                   {"Timeout", health.timeout},
                                                   {"StartPeriod", health.start_period},
                                                   {"StartInterval", health.start_interval}};
  for (const auto& [name, value] : times)
    if (value != 0 && value < kMillisecond) return bad(std::string(name) + " in Healthcheck cannot be less than 1ms");
  if (health.retries < 0) return bad("Retries in Healthcheck cannot be negative");
  if (!health.test.empty() && health.test[0] != "NONE" && health.test[0] != "CMD" && health.test[0] != "CMD-SHELL")
    return bad("Unknown type in Healthcheck.Test: " + health.test[0]);
  return {};
}

bool is_mode(const std::string& mode, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), mode) != words.end() ||
         (mode.starts_with("container:") && mode.size() > 10);
}

Result<void> check_modes(const api::HostConfig& host) {
  if (!is_mode(host.ipc_mode, {"", "none", "private", "shareable", "host"}))
    return bad("invalid IPC mode: " + host.ipc_mode);
  if (!is_mode(host.pid_mode, {"", "host"})) return bad("invalid PID mode: " + host.pid_mode);
  if (!host.uts_mode.empty() && host.uts_mode != "host") return bad("invalid UTS mode: " + host.uts_mode);
  if (!host.userns_mode.empty() && host.userns_mode != "host")
    return bad("invalid user namespace mode: " + host.userns_mode);
  if (!host.cgroupns_mode.empty() && host.cgroupns_mode != "host" && host.cgroupns_mode != "private")
    return bad("invalid cgroup namespace mode: " + host.cgroupns_mode);
  if (!host.isolation.empty() && host.isolation != "default")
    return bad("invalid isolation '" + host.isolation + "' on linux");
  return {};
}

Result<void> check_network_mode(const api::Config& config, const api::HostConfig& host) {
  const bool joined = host.network_mode.starts_with("container:");
  if (host.uts_mode == "host" && !config.hostname.empty()) return bad("conflicting options: hostname and the UTS mode");
  if (!joined) return {};
  if (!config.hostname.empty()) return bad("conflicting options: hostname and the network mode");
  if (host.dns && !host.dns->empty()) return bad("conflicting options: dns and the network mode");
  if (host.extra_hosts && !host.extra_hosts->empty())
    return bad("conflicting options: custom host-to-IP mapping and the network mode");
  if ((host.port_bindings && !host.port_bindings->empty()) || host.publish_all_ports)
    return bad("conflicting options: port publishing and the container type network mode");
  if (!config.exposed_ports.empty())
    return bad("conflicting options: port exposing and the container type network mode");
  return {};
}

Result<void> check_links(const api::HostConfig& host) {
  if (!host.links || host.links->empty()) return {};
  for (const std::string& link : *host.links) TRY(parse_link(link));
  const std::string& mode = host.network_mode;
  if (mode == "host")
    return bad(
        "conflicting options: host type networking can't be used with links. This would result in undefined behavior");
  if (mode.starts_with("container:"))
    return bad(
        "conflicting options: container type network can't be used with links. This would result in undefined "
        "behavior");
  // On other networks, links are names that a resolver knows.
  if (!mode.empty() && mode != "default" && mode != "bridge")
    return unimplemented("HostConfig.Links: links are supported on the default bridge only, not on network \"" + mode +
                         "\"");
  return {};
}

/// What Docker has and Hull has not: refused by name, never ignored.
Result<void> check_missing(const api::HostConfig& host) {
  if (!host.storage_opt.empty())
    return bad(
        "--storage-opt is supported only for overlay over xfs with 'pquota' mount option: HostConfig.StorageOpt");
  if (host.resources.device_requests && !host.resources.device_requests->empty()) {
    const auto& request = host.resources.device_requests->front();
    return bad("could not select device driver \"" + request.driver +
               "\" with capabilities: " + json::format(request.capabilities));
  }
  if (!host.cgroup.empty()) return bad("HostConfig.Cgroup: invalid cgroup spec: " + host.cgroup);
  if (!host.volume_driver.empty() && host.volume_driver != "local")
    return not_found("error looking up volume plugin " + host.volume_driver + ": plugin \"" + host.volume_driver +
                     "\" not found");
  return {};
}

Result<void> check_host(const api::HostConfig& host, const ContainerSettings& settings) {
  if (host.resources.oom_kill_disable.value_or(false) && exists("/sys/fs/cgroup/cgroup.controllers"))
    return bad("HostConfig.OomKillDisable: cgroup v2 has no way to disable the OOM killer");
  if (host.oom_score_adj < -1000 || host.oom_score_adj > 1000)
    return bad("Invalid value " + std::to_string(host.oom_score_adj) + ", range for oom score adj is [-1000, 1000]");
  if (host.shm_size < 0) return bad("SHM size can not be less than 0");
  if (!host.runtime.empty() && !settings.runtimes.contains(host.runtime))
    return bad("unknown or invalid runtime name: " + host.runtime);
  if (host.auto_remove && !host.restart_policy.name.empty() && host.restart_policy.name != "no")
    return bad("can't create 'AutoRemove' container with restart policy");
  for (const auto& [path, options] : host.tmpfs) {
    if (!path.starts_with('/')) return bad("invalid mount path: '" + path + "' mount path must be absolute");
    TRY(oci::tmpfs_options(options));
  }
  for (const auto& [name, value] : host.sysctls)
    if (name.empty() || name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./") !=
                            std::string::npos)
      return bad("invalid sysctl: '" + name + "'");
  return {};
}

}  // namespace

Result<void> validate_resources(const api::Resources& resources) {
  TRY(check_memory(resources));
  TRY(check_cpu(resources));
  if (resources.blkio_weight != 0 && (resources.blkio_weight < 10 || resources.blkio_weight > 1000))
    return bad("Range of blkio weight is from 10 to 1000");
  return {};
}

Result<void> validate_restart_policy(const api::RestartPolicy& policy) {
  constexpr std::array<std::string_view, 5> kNames = {"", "no", "always", "unless-stopped", "on-failure"};
  if (std::find(kNames.begin(), kNames.end(), policy.name) == kNames.end())
    return bad("invalid restart policy: unknown policy '" + policy.name +
               "'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'");
  if (policy.maximum_retry_count < 0) return bad("invalid restart policy: maximum retry count cannot be negative");
  if (policy.name != "on-failure" && policy.maximum_retry_count != 0)
    return bad("invalid restart policy: maximum retry count can only be used with 'on-failure'");
  return {};
}

Result<std::vector<std::string>> validate(const api::Config& config, const api::HostConfig& host,
                                          const ContainerSettings& settings) {
  TRY(check_process(config));
  TRY(check_health(config));
  TRY(validate_resources(host.resources));
  TRY(validate_restart_policy(host.restart_policy));
  TRY(check_modes(host));
  TRY(check_network_mode(config, host));
  TRY(check_links(host));
  TRY(check_missing(host));
  TRY(check_host(host, settings));
  for (const auto& [port, unused] : config.exposed_ports) TRY(api::parse_ports(port));
  if (host.port_bindings) TRY(api::validate(*host.port_bindings));
  TRY(logs::parse_options(host.log_config.type.empty() ? settings.default_log : host.log_config));
  TRY(oci::effective_capabilities(host.cap_add.values(), host.cap_drop.values(), oci::Privileged::kNo)
          .context("invalid capability"));
  TRY(oci::parse_security_options(host, settings));
  TRY(oci::rlimits_of(host.resources.ulimits.value_or(std::vector<api::Ulimit>()), settings.default_ulimits));
  std::vector<std::string> warnings;
  if (host.resources.kernel_memory != 0)
    warnings.emplace_back("Specifying a kernel memory limit is deprecated and has no effect.");
  return warnings;
}

}  // namespace hull::engine
