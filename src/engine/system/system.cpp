#include "engine/system/system.h"

#include <cstdlib>

#include "api/system/api_version.h"
#include "base/files.h"
#include "base/text.h"
#include "base/time.h"
#include "engine/system/build_info.h"

namespace hull::engine {
namespace {

std::string environment(const char* name, const char* lower) {
  for (const char* candidate : {name, lower})
    if (const char* value = std::getenv(candidate)) return value;
  return "";
}

/// "http://user:secret@proxy" is shown without the secret.
std::string without_password(std::string url) {
  const size_t scheme = url.find("://");
  const size_t at = url.find('@');
  if (scheme == url.npos || at == url.npos || at < scheme) return url;
  return url.substr(0, scheme + 3) + "xxxxx:xxxxx" + url.substr(at);
}

int64_t count_entries(const char* path) {
  const auto names = list_directory(path);
  return names.ok() ? static_cast<int64_t>(names->size()) : 0;
}

std::string commit_of(const api::ComponentVersion& component) {
  const auto commit = component.details.find("GitCommit");
  return commit == component.details.end() ? component.version : commit->second;
}

bool kernel_says(const char* path) { return trim(read_file(path, 4_KiB).value_or("")) == "1"; }

api::RegistryInfo registry_info(const SystemSettings& settings) {
  api::RegistryInfo registry;
  registry.insecure_cidrs = {"::1/128", "127.0.0.0/8"};
  registry.mirrors = settings.registry_mirrors;
  registry.indexes["docker.io"] = {
      .name = "docker.io", .mirrors = settings.registry_mirrors, .secure = true, .official = true};
  for (const std::string& name : settings.insecure_registries) {
    if (name.find('/') != name.npos)
      registry.insecure_cidrs.push_back(name);
    else
      registry.indexes[name] = {.name = name, .mirrors = {}, .secure = false, .official = false};
  }
  return registry;
}

std::vector<std::string> warnings_of(const HostFacts& host, const SystemSettings& settings) {
  std::vector<std::string> warnings;
  for (const std::string& listener : settings.plain_tcp_listeners)
    warnings.push_back("WARNING: API is accessible on " + listener + " without encryption.\n" +
                       "         Access to the remote API is equivalent to root access on the host.");
  const std::pair<bool, const char*> table[] = {
      {host.cgroups.memory, "WARNING: No memory limit support"},
      {host.cgroups.swap, "WARNING: No swap limit support"},
      {host.cgroups.cpu_cfs, "WARNING: No cpu cfs quota support"},
      {host.cgroups.cpu_cfs, "WARNING: No cpu cfs period support"},
      {host.cgroups.cpu_shares, "WARNING: No cpu shares support"},
      {host.cgroups.cpuset, "WARNING: No cpuset support"},
      {host.cgroups.pids, "WARNING: No pids limit support"},
      {host.ipv4_forwarding, "WARNING: IPv4 forwarding is disabled"},
  };
  for (const auto& [present, warning] : table)
    if (!present) warnings.emplace_back(warning);
  return warnings;
}

void fill_host(api::SystemInfo& info, const HostFacts& host) {
  info.memory_limit = host.cgroups.memory;
  info.swap_limit = host.cgroups.swap;
  info.kernel_memory = host.cgroups.kernel_memory;
  info.kernel_memory_tcp = host.cgroups.kernel_memory;
  info.oom_kill_disable = host.cgroups.oom_kill_disable;
  info.cpu_cfs_period = info.cpu_cfs_quota = host.cgroups.cpu_cfs;
  info.cpu_shares = host.cgroups.cpu_shares;
  info.cpu_set = host.cgroups.cpuset;
  info.pids_limit = host.cgroups.pids;
  info.ipv4_forwarding = host.ipv4_forwarding;
  info.bridge_nf_iptables = kernel_says("/proc/sys/net/bridge/bridge-nf-call-iptables");
  info.bridge_nf_ip6tables = kernel_says("/proc/sys/net/bridge/bridge-nf-call-ip6tables");
  info.cgroup_driver = "cgroupfs";
  info.cgroup_version = std::to_string(host.cgroups.version);
  info.kernel_version = host.kernel_version;
  info.operating_system = host.operating_system;
  info.os_version = host.os_version;
  info.os_type = "linux";
  info.architecture = host.architecture;
  info.cpus = host.cpus;
  info.memory_total = host.memory_total;
  info.name = host.hostname;
  info.security_options = {"name=seccomp,profile=builtin"};
  if (host.cgroups.version == 2) info.security_options.emplace_back("name=cgroupns");
}

void fill_settings(api::SystemInfo& info, const SystemSettings& settings) {
  info.id = settings.id;
  info.driver = settings.snapshotter;
  info.driver_status = {{"driver-type", "io.containerd.snapshotter.v1"}};
  info.plugins.volume = {"local"};
  info.plugins.network = settings.network_drivers;
  info.plugins.log = settings.log_drivers;
  info.debug = settings.debug;
  info.logging_driver = settings.log_driver;
  info.index_server_address = "https://index.docker.io/v1/";
  info.registry_config = registry_info(settings);
  info.root_directory = settings.data_root;
  info.http_proxy = without_password(environment("HTTP_PROXY", "http_proxy"));
  info.https_proxy = without_password(environment("HTTPS_PROXY", "https_proxy"));
  info.no_proxy = environment("NO_PROXY", "no_proxy");
  info.labels = settings.labels;
  info.server_version = build_info().version;
  info.runtimes = settings.runtimes;
  info.default_runtime = settings.default_runtime;
  info.live_restore_enabled = true;  // containers never depend on the daemon
  info.init_binary = settings.init_binary;
  info.containerd = api::ContainerdInfo{
      .address = settings.supervisor_socket,
      .namespaces = {.containers = settings.supervisor_namespace, .plugins = settings.supervisor_namespace}};
}

}  // namespace

System::System(SystemSettings settings, ObjectCounts& counts, Components& components, EventBus& events)
    : settings_(std::move(settings)), counts_(counts), components_(components), events_(events) {}

api::SystemVersion System::version(const hull::Call& call) {
  const HostFacts host = read_host_facts();
  const BuildInfo& build = build_info();
  api::SystemVersion version;
  version.platform.name = "Hull";
  version.version = build.version;
  version.api_version = api::kNewestApi.text();
  version.min_api_version = api::kOldestApi.text();
  version.git_commit = build.commit;
  version.go_version = build.compiler;
  version.os = "linux";
  version.arch = go_architecture(host.architecture);
  version.kernel_version = host.kernel_version;
  version.build_time = build.time;
  version.components.push_back({.name = "Engine",
                                .version = version.version,
                                .details = {{"ApiVersion", version.api_version},
                                            {"Arch", version.arch},
                                            {"BuildTime", version.build_time},
                                            {"Experimental", "false"},
                                            {"GitCommit", version.git_commit},
                                            {"GoVersion", version.go_version},
                                            {"KernelVersion", version.kernel_version},
                                            {"MinAPIVersion", version.min_api_version},
                                            {"Os", version.os}}});
  const auto others = components_.versions(call);
  for (const auto& component : {others.supervisor, others.runtime, others.init})
    if (!component.version.empty()) version.components.push_back(component);
  return version;
}

api::SystemInfo System::info(const hull::Call& call) {
  const HostFacts host = read_host_facts();
  api::SystemInfo info;
  fill_host(info, host);
  fill_settings(info, settings_);
  const ContainerCounts counts = counts_.containers();
  info.containers_running = counts.running;
  info.containers_paused = counts.paused;
  info.containers_stopped = counts.stopped;
  info.containers = counts.running + counts.paused + counts.stopped;
  info.images = counts_.images();
  info.file_descriptors = count_entries("/proc/self/fd");
  info.threads = count_entries("/proc/self/task");
  info.event_listeners = static_cast<int64_t>(events_.subscribers());
  info.system_time = format_rfc3339(now());
  info.warnings = warnings_of(host, settings_);
  const auto others = components_.versions(call);
  info.containerd_commit.id = commit_of(others.supervisor);
  info.runc_commit.id = commit_of(others.runtime);
  info.init_commit.id = commit_of(others.init);
  return info;
}

}  // namespace hull::engine
