#include "engine/containers/views.h"

#include <algorithm>

#include "engine/containers/health.h"
#include "engine/containers/links.h"
#include "engine/containers/oci/security.h"

namespace hull::engine {
namespace {

api::ContainerState state_view(const RunState& run) {
  api::ContainerState state;
  state.status = json::name_of(run.phase);
  state.restarting = run.phase == Phase::kRestarting;
  state.running = is_live(run.phase) || state.restarting;
  state.paused = run.phase == Phase::kPaused;
  state.oom_killed = run.oom_killed;
  state.dead = run.phase == Phase::kDead;
  state.pid = run.pid;
  state.exit_code = run.exit_code;
  state.error = run.error;
  state.started_at = run.started_at;
  state.finished_at = run.finished_at;
  state.health = run.health;
  return state;
}

/// As they are where it runs, else as asked for.
std::map<std::string, api::EndpointSettings> endpoints_of(const ContainerRecord& record) {
  std::map<std::string, api::EndpointSettings> endpoints;
  if (record.sandbox) endpoints = record.sandbox->endpoints;
  for (const auto& [name, config] : record.endpoints) {
    const auto [place, added] = endpoints.try_emplace(name);
    if (added) static_cast<api::EndpointConfig&>(place->second) = config;
  }
  const std::string& mode = record.host.network_mode;
  if (mode == "none" || mode == "host") endpoints.try_emplace(mode);
  return endpoints;
}

api::NetworkSettings network_view(const ContainerRecord& record) {
  api::NetworkSettings settings;
  settings.networks = endpoints_of(record);
  if (!record.sandbox) return settings;
  settings.sandbox_id = record.sandbox->sandbox_id;
  settings.sandbox_key = record.sandbox->netns_path;
  settings.ports = record.sandbox->ports;
  if (const auto bridge = settings.networks.find("bridge"); bridge != settings.networks.end()) {
    const api::EndpointSettings& endpoint = bridge->second;
    settings.endpoint_id = endpoint.endpoint_id;
    settings.gateway = endpoint.gateway;
    settings.global_ipv6_address = endpoint.global_ipv6_address;
    settings.global_ipv6_prefix_length = endpoint.global_ipv6_prefix_length;
    settings.ip_address = endpoint.ip_address;
    settings.ip_prefix_length = endpoint.ip_prefix_length;
    settings.ipv6_gateway = endpoint.ipv6_gateway;
    settings.mac_address = endpoint.mac_address;
  }
  return settings;
}

api::GraphDriver graph_driver_view(const ContainerRecord& record, const std::string& snapshotter) {
  api::GraphDriver driver;
  driver.name = snapshotter;
  api::StringMap data;
  for (const auto& mount : record.rootfs)
    for (const std::string& option : mount.options) {
      if (option.starts_with("lowerdir=")) data["LowerDir"] = option.substr(9);
      if (option.starts_with("upperdir=")) data["UpperDir"] = option.substr(9);
      if (option.starts_with("workdir=")) data["WorkDir"] = option.substr(8);
    }
  if (!data.empty()) driver.data = std::move(data);
  return driver;
}

void add_ports(const std::string& key, const std::optional<std::vector<api::PortBinding>>& bindings,
               std::vector<api::PortSummary>& out) {
  const auto port = api::parse_port(key);
  if (!port.ok()) return;
  api::PortSummary summary;
  summary.private_port = port->number;
  summary.type = api::to_string(port->protocol);
  if (!bindings || bindings->empty()) return out.push_back(summary);
  for (const auto& binding : *bindings) {
    const auto range = api::parse_port_range(binding.host_port);
    summary.public_port = range.ok() ? range->first : 0;
    summary.ip = binding.host_ip.empty() ? "0.0.0.0" : binding.host_ip;
    out.push_back(summary);
  }
}

std::string quoted_command(const std::vector<std::string>& command) {
  // Arguments with blanks are quoted, as in Docker's list.
  std::string text;
  for (size_t i = 0; i < command.size(); ++i) {
    if (i > 0) text += ' ';
    const bool blank = i > 0 && command[i].find(' ') != std::string::npos;
    text += blank ? "'" + command[i] + "'" : command[i];
  }
  return text;
}

}  // namespace

std::vector<api::MountPoint> mount_points(const ContainerRecord& record) {
  std::vector<api::MountPoint> points;
  for (const MountPlan& plan : record.mounts) {
    if (plan.kind == MountKind::kTmpfs && !plan.from_mounts_field) continue;
    api::MountPoint point;
    point.type = json::name_of(plan.kind);
    point.name = plan.volume;
    point.source = plan.source;
    point.destination = plan.destination;
    point.driver = plan.driver;
    // Docker's words for what it would relabel; no volume of an image is.
    point.mode = plan.mode.empty() && plan.kind == MountKind::kVolume && !plan.anonymous ? "z" : plan.mode;
    point.rw = !plan.read_only;
    point.propagation = plan.propagation;
    points.push_back(std::move(point));
  }
  return points;
}

api::ContainerInspect inspect_view(const ContainerRecord& record, const Registry& registry) {
  api::ContainerInspect view;
  view.id = record.id;
  view.created = record.created;
  view.path = record.command.front();
  view.args.assign(record.command.begin() + 1, record.command.end());
  view.state = state_view(record.state);
  view.image = record.image_id;
  const std::string directory = registry.directory(record.id);
  view.resolv_conf_path = directory + "/resolv.conf";
  view.hostname_path = directory + "/hostname";
  view.hosts_path = directory + "/hosts";
  if (record.host.log_config.type == "json-file") view.log_path = registry.log_path(record);
  view.name = "/" + record.name;
  view.restart_count = record.state.restart_count;
  view.driver = registry.settings().snapshotter;
  view.platform = "linux";
  view.host_config = record.host;
  if (view.host_config.links)
    for (std::string& text : *view.host_config.links)
      if (const auto link = parse_link(text); link.ok()) text = link_view(*link, record.name);
  if (!view.host_config.masked_paths)
    view.host_config.masked_paths = record.host.privileged ? std::vector<std::string>() : oci::default_masked_paths();
  if (!view.host_config.readonly_paths)
    view.host_config.readonly_paths =
        record.host.privileged ? std::vector<std::string>() : oci::default_readonly_paths();
  if (!view.host_config.port_bindings) view.host_config.port_bindings.emplace();
  view.graph_driver = graph_driver_view(record, view.driver);
  view.mounts = mount_points(record);
  view.config = record.config;
  view.network_settings = network_view(record);
  return view;
}

api::ContainerSummary summary_view(const ContainerRecord& record) {
  api::ContainerSummary summary;
  summary.id = record.id;
  summary.names = {"/" + record.name};
  summary.image = record.config.image;
  summary.image_id = record.image_id;
  summary.command = quoted_command(record.command);
  summary.created = std::chrono::floor<std::chrono::seconds>(record.created).time_since_epoch().count();
  if (record.sandbox)
    for (const auto& [key, bindings] : record.sandbox->ports) add_ports(key, bindings, summary.ports);
  summary.labels = record.config.labels.value_or(api::StringMap());
  summary.state = json::name_of(record.state.phase);
  summary.status = status_text(record.state, now());
  summary.host_config.network_mode = record.host.network_mode;
  summary.host_config.annotations = record.host.annotations;
  summary.network_settings.networks = endpoints_of(record);
  summary.mounts = mount_points(record);
  return summary;
}

std::string human_duration(std::chrono::nanoseconds duration) {
  const int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  const auto count = [](int64_t number, const char* unit) { return std::to_string(number) + " " + unit; };
  if (seconds < 1) return "Less than a second";
  if (seconds == 1) return "1 second";
  if (seconds < 60) return count(seconds, "seconds");
  const int64_t minutes = seconds / 60;
  if (minutes == 1) return "About a minute";
  if (minutes < 60) return count(minutes, "minutes");
  const int64_t hours = (seconds + 1800) / 3600;
  if (hours == 1) return "About an hour";
  if (hours < 48) return count(hours, "hours");
  if (hours < 24 * 7 * 2) return count(hours / 24, "days");
  if (hours < 24 * 30 * 2) return count(hours / 24 / 7, "weeks");
  if (hours < 24 * 365 * 2) return count(hours / 24 / 30, "months");
  return count(hours / 24 / 365, "years");
}

/// " (healthy)", where there is a check.
std::string health_text(const RunState& state) {
  if (!state.health) return "";
  return state.health->status == kHealthStarting ? " (health: starting)" : " (" + state.health->status + ")";
}

std::string status_text(const RunState& state, Timestamp time) {
  const auto since = [&](const std::optional<Timestamp>& moment) {
    return human_duration(time - moment.value_or(time));
  };
  switch (state.phase) {
    case Phase::kRunning: return "Up " + since(state.started_at) + health_text(state);
    case Phase::kPaused: return "Up " + since(state.started_at) + " (Paused)";
    case Phase::kRestarting:
      return "Restarting (" + std::to_string(state.exit_code) + ") " + since(state.finished_at) + " ago";
    case Phase::kRemoving: return "Removal In Progress";
    case Phase::kDead: return "Dead";
    case Phase::kCreated: return "Created";
    case Phase::kExited: return "Exited (" + std::to_string(state.exit_code) + ") " + since(state.finished_at) + " ago";
  }
  return "";
}

}  // namespace hull::engine
