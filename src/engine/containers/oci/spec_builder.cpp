#include "engine/containers/oci/spec_builder.h"

#include <algorithm>
#include <unordered_map>

#include "base/files.h"
#include "base/text.h"
#include "engine/containers/oci/capabilities.h"
#include "engine/containers/oci/mounts.h"
#include "engine/containers/oci/resources.h"
#include "engine/containers/oci/security.h"

namespace hull::engine::oci {
namespace {

constexpr std::string_view kDefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string_view key_of(std::string_view entry) { return entry.substr(0, entry.find('=')); }

/// Adds entries; one of a known name takes the old one's place, and a name without "=" removes it. In linear time: an
/// image may name any number of them.
void override_env(std::vector<std::string>& env, const std::vector<std::string>& entries) {
  std::unordered_map<std::string, size_t> places;
  for (size_t i = 0; i < env.size(); ++i) places.emplace(key_of(env[i]), i);
  for (const std::string& entry : entries) {
    const auto [place, added] = places.try_emplace(std::string(key_of(entry)), env.size());
    const bool value = entry.find('=') != std::string::npos;
    if (!value) {
      if (!added) env[place->second].clear();
      places.erase(place);
    } else if (added) {
      env.push_back(entry);
    } else {
      env[place->second] = entry;
    }
  }
  std::erase(env, "");
}

std::vector<std::string> environment(const api::Config& config, bool terminal, const std::vector<std::string>& more,
                                     const std::string& home) {
  std::vector<std::string> env{std::string(kDefaultPath), "HOSTNAME=" + config.hostname};
  if (terminal) env.emplace_back("TERM=xterm");
  override_env(env, config.env.value_or(std::vector<std::string>()));
  override_env(env, more);
  if (std::none_of(env.begin(), env.end(), [](const auto& entry) { return key_of(entry) == "HOME"; }))
    env.push_back("HOME=" + home);
  return env;
}

spec::Capabilities sets_of(const std::vector<std::string>& list, uint32_t uid) {
  spec::Capabilities sets;
  sets.bounding = list;
  // Nothing is ever inheritable (CVE-2022-24769), and a process that is not root starts with none, as after execve(2).
  if (uid == 0) sets.effective = sets.permitted = list;
  return sets;
}

Result<std::vector<std::string>> capabilities_of(const api::HostConfig& host, bool privileged) {
  return effective_capabilities(host.cap_add.values(), host.cap_drop.values(),
                                privileged || host.privileged ? Privileged::kYes : Privileged::kNo);
}

bool wants_init(const SpecInput& input) {
  return input.host.init.value_or(input.settings.init_by_default) && input.host.pid_mode.empty();
}

Result<spec::Process> process_of(const SpecInput& input, const SecurityOptions& security,
                                 const std::vector<std::string>& capabilities) {
  spec::Process process;
  process.terminal = input.config.tty;
  if (input.host.console_size != api::ConsoleSize())
    process.console_size = spec::ConsoleSize{input.host.console_size.height, input.host.console_size.width};
  process.user = input.user.user;
  process.args = input.command;
  if (wants_init(input)) process.args.insert(process.args.begin(), {"/sbin/docker-init", "--"});
  process.env = environment(input.config, input.config.tty, {}, input.user.home);
  process.cwd = input.config.working_dir.empty() ? "/" : input.config.working_dir;
  process.capabilities = sets_of(capabilities, input.user.user.uid);
  process.rlimits = TRY(
      rlimits_of(input.host.resources.ulimits.value_or(std::vector<api::Ulimit>()), input.settings.default_ulimits));
  process.no_new_privileges = security.no_new_privileges;
  process.apparmor_profile = security.apparmor;
  process.oom_score_adj = static_cast<int32_t>(input.host.oom_score_adj);
  return process;
}

std::vector<spec::Namespace> namespaces_of(const SpecInput& input) {
  using Type = spec::NamespaceType;
  const auto& host = input.host;
  std::vector<spec::Namespace> spaces{{Type::kMount, ""}};
  const auto add = [&](Type type, bool of_host) {
    if (of_host) return;
    const auto joined = input.join.find(type);
    spaces.push_back({type, joined == input.join.end() ? "" : joined->second});
  };
  add(Type::kNetwork, host.network_mode == "host");
  add(Type::kUts, host.uts_mode == "host");
  add(Type::kPid, host.pid_mode == "host");
  add(Type::kIpc, host.ipc_mode == "host");
  // Docker's default: private on cgroup v2, the host's on v1.
  const bool unified = exists("/sys/fs/cgroup/cgroup.controllers");
  const bool of_host = host.cgroupns_mode == "host" || (host.cgroupns_mode.empty() && (!unified || host.privileged));
  add(Type::kCgroup, of_host);
  return spaces;
}

std::map<std::string, std::string> sysctls_of(const SpecInput& input) {
  std::map<std::string, std::string> sysctls;
  if (!input.config.domainname.empty() && input.host.uts_mode != "host")
    sysctls["kernel.domainname"] = input.config.domainname;
  // Inside its own network, an unprivileged process may serve port 80 and ping.
  if (input.host.network_mode != "host" && !input.host.network_mode.starts_with("container:")) {
    sysctls["net.ipv4.ip_unprivileged_port_start"] = "0";
    sysctls["net.ipv4.ping_group_range"] = "0 2147483647";
  }
  for (const auto& [name, value] : input.host.sysctls) sysctls[name] = value;
  return sysctls;
}

std::string rootfs_propagation(const std::vector<MountPlan>& plans) {
  std::string wanted;
  for (const MountPlan& plan : plans) {
    if (plan.propagation.ends_with("shared")) return "shared";
    if (plan.propagation.ends_with("slave")) wanted = "slave";
  }
  return wanted;
}

Result<spec::Linux> linux_of(const SpecInput& input, const SecurityOptions& security,
                             const std::vector<std::string>& capabilities) {
  const auto& host = input.host;
  spec::Linux out;
  out.sysctl = sysctls_of(input);
  out.resources = TRY(resources_of(host.resources));
  auto devices = TRY(devices_of(host.resources, host.privileged));
  out.resources->devices = std::move(devices.rules);
  out.devices = std::move(devices.nodes);
  out.cgroups_path = cgroups_path(input.id, host, input.settings);
  out.namespaces = namespaces_of(input);
  out.seccomp = TRY(seccomp_of(security, host, input.settings, capabilities));
  out.rootfs_propagation = rootfs_propagation(input.mounts);
  const bool open_paths = host.privileged || security.system_paths_unconfined;
  if (!open_paths) {
    out.masked_paths = host.masked_paths.value_or(default_masked_paths());
    out.readonly_paths = host.readonly_paths.value_or(default_readonly_paths());
  }
  return out;
}

}  // namespace

std::string cgroups_path(const std::string& id, const api::HostConfig& host, const ContainerSettings& settings) {
  const std::string& parent = host.resources.cgroup_parent;
  const std::string path = (parent.empty() ? settings.cgroup_parent : parent) + "/" + id;
  return path.starts_with('/') ? path : "/" + path;
}

Result<spec::RuntimeSpec> build_spec(const SpecInput& input) {
  const auto security = TRY(parse_security_options(input.host, input.settings));
  const auto capabilities = TRY(capabilities_of(input.host, false));
  spec::RuntimeSpec spec;
  // Runtimes of 1.1, which know nothing newer, take specs of 1.0.
  spec.oci_version = "1.0.2";
  spec.process = TRY(process_of(input, security, capabilities));
  spec.root = spec::Root{"rootfs", input.host.readonly_rootfs};
  if (input.host.uts_mode != "host") spec.hostname = input.config.hostname;
  const std::string init = wants_init(input) ? input.settings.init_binary : "";
  if (wants_init(input) && init.empty())
    return failed_precondition("hull-init was not found: containers with init can't be started");
  spec.mounts = mounts_of(
      {input.host, input.mounts, input.files_directory, init, input.settings.default_shm_size, input.shared_memory});
  spec.annotations = input.host.annotations;
  spec.linux_part = TRY(linux_of(input, security, capabilities));
  return spec;
}

Result<spec::Process> build_exec_process(const ExecInput& input) {
  const auto security = TRY(parse_security_options(input.host, input.settings));
  const auto capabilities = TRY(capabilities_of(input.host, input.privileged));
  spec::Process process;
  process.terminal = input.terminal;
  if (input.terminal && input.console_size != api::ConsoleSize())
    process.console_size = spec::ConsoleSize{input.console_size.height, input.console_size.width};
  process.user = input.user.user;
  process.args = input.command;
  process.env = environment(input.config, input.terminal, input.env, input.user.home);
  process.cwd = input.working_dir;
  if (process.cwd.empty()) process.cwd = input.config.working_dir.empty() ? "/" : input.config.working_dir;
  process.capabilities = sets_of(capabilities, input.user.user.uid);
  process.rlimits = TRY(
      rlimits_of(input.host.resources.ulimits.value_or(std::vector<api::Ulimit>()), input.settings.default_ulimits));
  process.no_new_privileges = security.no_new_privileges;
  process.apparmor_profile = input.privileged ? "" : security.apparmor;
  process.oom_score_adj = static_cast<int32_t>(input.host.oom_score_adj);
  return process;
}

}  // namespace hull::engine::oci
