#include "programs/hulld/family_settings.h"

#include "base/files.h"
#include "programs/hulld/program_path.h"

namespace hull::daemon {

using namespace hull::engine;

namespace {

Result<network::SubnetSource> subnet_source(const std::string& text, int size) {
  constexpr int kLongest = 30;  // two hosts
  const auto base = TRY(network::Subnet::parse(text));
  if (base.family() != network::Family::kIpv4) return unimplemented(text + ": IPv6 networks are not built yet");
  if (size < base.length() || size > kLongest)
    return invalid_argument(text + " can't be cut into networks of size " + std::to_string(size) + ": expected " +
                            std::to_string(base.length()) + " to " + std::to_string(kLongest));
  return network::SubnetSource{.base = base, .size = size};
}

}  // namespace

SystemSettings system_settings(const Config& config, const std::string& engine_id,
                               const std::string& supervisor_socket) {
  SystemSettings settings{.id = engine_id,
                          .data_root = config.data_root,
                          .supervisor_socket = supervisor_socket,
                          .supervisor_namespace = config.containerd_namespace,
                          .default_runtime = config.default_runtime,
                          .runtimes = {},
                          .log_driver = config.log_driver,
                          .log_drivers = {"json-file", "local", "none"},
                          .network_drivers = {"bridge", "host", "null"},
                          .labels = config.labels,
                          .insecure_registries = config.insecure_registries,
                          .registry_mirrors = {},
                          .plain_tcp_listeners = {},
                          .init_binary = "hull-init",
                          .debug = config.debug};
  settings.runtimes["hull-runc"] = {.path = "hull-runc", .type = ""};
  for (const auto& [name, path] : config.runtimes) settings.runtimes[name] = {.path = path, .type = ""};
  for (const std::string& host : config.hosts)
    if (host.starts_with("tcp://")) settings.plain_tcp_listeners.push_back("http://" + host.substr(6));
  return settings;
}

Result<ContainerSettings> container_settings(const Config& config) {
  ContainerSettings settings{.data_root = config.data_root,
                             .exec_root = config.exec_root,
                             .supervisor_runtime = config.supervisor_runtime,
                             .runtimes = config.runtimes,
                             .default_runtime = config.default_runtime,
                             .init_binary = config.init_path,
                             .init_by_default = config.init,
                             .no_new_privileges = config.no_new_privileges,
                             .default_shm_size = config.default_shm_size,
                             .default_ipc_mode = config.default_ipc_mode};
  // The empty path is our shim's own choice; another's shim would choose runc.
  const bool own_shim = config.supervisor_runtime == Config().supervisor_runtime;
  settings.runtimes.emplace("hull-runc", own_shim ? "" : find_program("hull-runc").value_or(""));
  // A supervisor that is not ours does not look for shims beside our programs; it takes a path, too.
  if (own_shim && !config.containerd.empty())
    settings.supervisor_runtime = TRY(find_program("containerd-shim-hull-v2"));
  if (!settings.runtimes.contains(settings.default_runtime))
    return invalid_argument("specified default runtime '" + settings.default_runtime + "' does not exist");
  if (!config.cgroup_parent.empty()) settings.cgroup_parent = config.cgroup_parent;
  if (settings.init_binary.empty()) settings.init_binary = find_program("hull-init").value_or("");
  if (!config.seccomp_profile.empty())
    settings.seccomp_profile = TRY(read_file(config.seccomp_profile, 4_MiB).context("read seccomp profile"));
  settings.default_log.type = config.log_driver;
  if (!config.log_options.empty()) settings.default_log.config = config.log_options;
  for (const auto& limit : config.default_ulimits)
    settings.default_ulimits.push_back({.name = limit.name, .hard = limit.hard, .soft = limit.soft});
  return settings;
}

Result<NetworksOptions> network_options(const Config& config) {
  NetworksOptions options{.data_root = config.data_root,
                          .exec_root = config.exec_root,
                          .bridge = config.bridge,
                          .bip = config.bip,
                          .mtu = config.mtu,
                          .default_address_pools = {}};
  for (const auto& [base, size] : config.address_pools)
    options.default_address_pools.push_back(TRY(subnet_source(base, size).context("--default-address-pool")));
  return options;
}

}  // namespace hull::daemon
