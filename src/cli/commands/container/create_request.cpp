#include <cstring>

#include "base/files.h"
#include "base/text.h"
#include "cli/commands/container/create_options.h"
#include "cli/values/environment.h"
#include "cli/values/mounts.h"
#include "cli/values/ports.h"
#include "cli/values/resources.h"

namespace hull::cli {

namespace {

/// What a user of docker sees where a file can't be opened: Go's words for the reason.
std::string opening_problem(const std::string& path, const Error& error) {
  if (error.number() == 0) return error.message();
  return "open " + path + ": " + to_lower(std::strerror(error.number()));
}

Result<std::string> read_seccomp_profile(const std::string& path) {
  const auto text = read_file(path, 4_MiB);
  if (!text.ok())
    return invalid_argument("opening seccomp profile (" + path + ") failed: " + opening_problem(path, text.error()));
  const auto profile = json::parse_value(*text);
  if (!profile.ok())
    return invalid_argument("compacting json for seccomp profile (" + path + ") failed: " + profile.error().message());
  return json::format(*profile);
}

Result<void> add_security(const CreateOptions& options, api::HostConfig& host) {
  for (const std::string& option : options.security_options) {
    const auto parts = cut(option, "=") ? cut(option, "=") : cut(option, ":");
    if (!parts && option != "no-new-privileges") return invalid_argument("Invalid --security-opt: \"" + option + "\"");
    if (option == "systempaths=unconfined") {
      host.masked_paths.emplace();
      host.readonly_paths.emplace();
      continue;
    }
    if (!host.security_opt) host.security_opt.emplace();
    const bool profile =
        parts && parts->before == "seccomp" && parts->after != "unconfined" && parts->after != "builtin";
    host.security_opt->push_back(profile ? "seccomp=" + TRY(read_seccomp_profile(std::string(parts->after))) : option);
  }
  return {};
}

Result<void> check_modes(const api::HostConfig& host) {
  const auto empty_or_host = [](const std::string& mode) { return mode.empty() || mode == "host"; };
  if (!empty_or_host(host.pid_mode) && !(host.pid_mode.starts_with("container:") && host.pid_mode.size() > 10))
    return invalid_argument("--pid: invalid PID mode");
  if (!empty_or_host(host.uts_mode)) return invalid_argument("--uts: invalid UTS mode");
  if (!empty_or_host(host.userns_mode)) return invalid_argument("--userns: invalid USER mode");
  if (!empty_or_host(host.cgroupns_mode) && host.cgroupns_mode != "private")
    return invalid_argument("--cgroupns: invalid CGROUP mode");
  return {};
}

Result<void> add_volumes(const CreateOptions& options, api::CreateContainer& request) {
  for (const std::string& volume : options.volumes) {
    if (TRY(volume_has_source(volume))) {
      auto& binds = request.host_config->binds;
      if (!binds) binds.emplace();
      binds->push_back(TRY(absolute_bind(volume)));
    } else {
      auto& volumes = request.config.volumes;
      if (!volumes) volumes.emplace();
      volumes->try_emplace(volume);
    }
  }
  for (const std::string& tmpfs : options.tmpfs) {
    const auto parts = cut(tmpfs, ":");
    request.host_config->tmpfs[std::string(parts ? parts->before : tmpfs)] = parts ? parts->after : "";
  }
  return {};
}

Result<void> add_health(const CreateOptions& options, api::Config& config) {
  api::HealthConfig health = options.health;
  if (!options.health_command.empty()) health.test = {"CMD-SHELL", options.health_command};
  const bool any = !(health == api::HealthConfig{});
  if (options.no_health_check) {
    if (any) return invalid_argument("--no-healthcheck conflicts with --health-* options");
    config.healthcheck = api::HealthConfig{.test = {"NONE"}};
    return {};
  }
  if (!any) return {};
  const std::pair<int64_t, const char*> kValues[] = {{health.interval, "interval"},
                                                     {health.timeout, "timeout"},
                                                     {health.retries, "retries"},
                                                     {health.start_period, "start-period"},
                                                     {health.start_interval, "start-interval"}};
  for (const auto& [value, name] : kValues)
    if (value < 0) return invalid_argument(std::string("--health-") + name + " cannot be negative");
  config.healthcheck = std::move(health);
  return {};
}

void add_streams(const CreateOptions& options, api::Config& config) {
  const auto attached = [&](std::string_view stream) {
    for (const std::string& wanted : options.attach)
      if (wanted == stream) return true;
    return false;
  };
  config.attach_stdin = attached("stdin") || config.open_stdin;
  config.attach_stdout = options.attach.empty() || attached("stdout");
  config.attach_stderr = options.attach.empty() || attached("stderr");
  if (options.detach) config.attach_stdin = config.attach_stdout = config.attach_stderr = false;
  // The input ends for the container when the client that it was made for goes away.
  config.stdin_once = config.open_stdin && config.attach_stdin;
}

Result<void> add_devices(const CreateOptions& options, api::Resources& resources) {
  std::vector<std::string> cdi;
  for (const std::string& device : options.devices) {
    if (is_cdi_device(device)) {
      cdi.push_back(device);
      continue;
    }
    if (!resources.devices) resources.devices.emplace();
    resources.devices->push_back(TRY(parse_device(device)));
  }
  if (cdi.empty()) return {};
  if (!resources.device_requests) resources.device_requests.emplace();
  resources.device_requests->push_back({.driver = "cdi", .device_ids = std::move(cdi)});
  return {};
}

Result<void> add_ports(const CreateOptions& options, api::CreateContainer& request) {
  PublishedPorts ports;
  for (const std::string& port : options.publish) TRY(publish_port(ports, port));
  for (const std::string& port : options.expose) TRY(expose_port(ports, port));
  request.config.exposed_ports = std::move(ports.exposed);
  request.host_config->port_bindings = std::move(ports.bindings);
  return {};
}

Result<void> add_networks(const CreateOptions& options, api::CreateContainer& request) {
  std::vector<NetworkAttachment> networks = options.networks;
  request.host_config->network_mode = networks.empty() ? "default" : networks.front().name;
  const NetworkAttachment& own = options.endpoint;
  if (!own.links.empty()) request.host_config->links = own.links;
  NetworkAttachment implicit{.name = "default"};
  NetworkAttachment& first = networks.empty() ? implicit : networks.front();
  const auto conflict = [](const char* flag, const char* what) {
    return invalid_argument(std::string("conflicting options: cannot specify both --") + flag + " and per-network " +
                            what);
  };
  if (!own.aliases.empty() && !first.aliases.empty()) return conflict("network-alias", "alias");
  if (!own.links.empty() && !first.links.empty()) return conflict("link", "links");
  if (!own.ipv4.empty() && !first.ipv4.empty()) return conflict("ip", "IPv4 address");
  if (!own.ipv6.empty() && !first.ipv6.empty()) return conflict("ip6", "IPv6 address");
  if (!own.aliases.empty()) first.aliases = own.aliases;
  if (!own.links.empty() && !networks.empty()) first.links = own.links;
  if (!own.ipv4.empty()) first.ipv4 = own.ipv4;
  if (!own.ipv6.empty()) first.ipv6 = own.ipv6;
  if (!own.link_local_ips.empty()) first.link_local_ips = own.link_local_ips;
  if (!options.config.mac_address.empty()) {
    if (!is_mac_address(options.config.mac_address))
      return invalid_argument(options.config.mac_address + " is not a valid mac address");
    if (first.mac.empty()) first.mac = options.config.mac_address;
  }
  if (networks.empty()) networks.push_back(implicit);
  auto endpoints = TRY(make_endpoints(networks));
  if (!endpoints.empty()) request.networking_config = api::NetworkingConfig{std::move(endpoints)};
  return {};
}

Result<void> add_settings(const CreateOptions& options, const Flags& flags, api::HostConfig& host) {
  host.restart_policy = TRY(parse_restart(options.restart));
  if (host.auto_remove && !host.restart_policy.name.empty() && host.restart_policy.name != "no")
    return invalid_argument("conflicting options: cannot specify both --restart and --rm");
  if (host.log_config.type == "none" && !options.log_options.empty())
    return invalid_argument("invalid logging opts for driver none");
  host.log_config.config = to_map(options.log_options);
  for (const std::string& option : options.storage_options)
    if (option.find('=') == std::string::npos) return invalid_argument("invalid storage option");
  host.storage_opt = to_map(options.storage_options);
  host.sysctls = to_map(options.sysctls);
  host.annotations = to_map(options.annotations);
  host.container_id_file = options.cid_file;
  if (flags.changed("init")) host.init = options.init;
  auto& resources = host.resources;
  if (options.swappiness != -1 && (options.swappiness < 0 || options.swappiness > 100)) {
    return invalid_argument("invalid value: " + std::to_string(options.swappiness) +
                            ". Valid memory swappiness range is 0-100");
  }
  if (flags.changed("memory-swappiness")) resources.memory_swappiness = options.swappiness;
  if (flags.changed("oom-kill-disable")) resources.oom_kill_disable = options.oom_kill_disable;
  if (flags.changed("pids-limit")) resources.pids_limit = options.pids_limit;
  return add_devices(options, resources);
}

}  // namespace

Result<api::CreateContainer> make_request(const CreateOptions& options, const Invocation& invocation) {
  api::CreateContainer request{.config = options.config, .host_config = options.host};
  api::Config& config = request.config;
  api::HostConfig& host = *request.host_config;
  config.image = invocation.arguments[0];
  if (invocation.arguments.size() > 1)
    config.cmd = api::StringList({invocation.arguments.begin() + 1, invocation.arguments.end()});
  if (invocation.flags.changed("entrypoint")) config.entrypoint = api::StringList({options.entrypoint});
  if (invocation.flags.changed("stop-timeout")) config.stop_timeout = options.stop_timeout;
  add_streams(options, config);
  TRY(add_volumes(options, request));
  TRY(add_ports(options, request));
  TRY(add_settings(options, invocation.flags, host));
  config.env = TRY(read_key_values(options.environment_files, options.environment, Undefined::kFromEnvironment));
  config.labels = to_map(TRY(read_key_values(options.label_files, options.labels, Undefined::kEmpty)));
  TRY(check_modes(host));
  TRY(add_security(options, host));
  TRY(add_health(options, config));
  TRY(add_networks(options, request));
  return request;
}

}  // namespace hull::cli
