#include "engine/containers/merge.h"

#include <algorithm>
#include <unordered_set>

namespace hull::engine {
namespace {

void merge_env(api::Config& config, const image::ContainerDefaults& image) {
  auto& env = config.env ? *config.env : config.env.emplace();
  const auto key = [](std::string_view entry) { return std::string(entry.substr(0, entry.find('='))); };
  std::unordered_set<std::string> given;
  for (const std::string& entry : env) given.insert(key(entry));
  for (const std::string& entry : image.env)
    if (!given.contains(key(entry))) env.push_back(entry);
}

void merge_command(api::Config& config, const image::ContainerDefaults& image) {
  if (!config.entrypoint.empty()) return;
  if (config.cmd.empty()) {
    config.cmd.items = image.cmd;
    config.args_escaped = image.args_escaped;
  }
  if (!config.entrypoint.items) config.entrypoint.items = image.entrypoint;
}

void merge_health(api::Config& config, const image::ContainerDefaults& image) {
  if (!image.healthcheck) return;
  auto& health = config.healthcheck ? *config.healthcheck : config.healthcheck.emplace();
  if (health.test.empty()) health.test = image.healthcheck->test;
  if (health.interval == 0) health.interval = image.healthcheck->interval;
  if (health.timeout == 0) health.timeout = image.healthcheck->timeout;
  if (health.start_period == 0) health.start_period = image.healthcheck->start_period;
  if (health.start_interval == 0) health.start_interval = image.healthcheck->start_interval;
  if (health.retries == 0) health.retries = image.healthcheck->retries;
}

}  // namespace

void merge_image_config(api::Config& config, const image::ContainerDefaults& image) {
  if (config.user.empty()) config.user = image.user;
  for (const auto& [port, unused] : image.exposed_ports) config.exposed_ports.try_emplace(port);
  merge_env(config, image);
  auto& labels = config.labels ? *config.labels : config.labels.emplace();
  for (const auto& [name, value] : image.labels) labels.try_emplace(name, value);
  merge_command(config, image);
  merge_health(config, image);
  if (config.working_dir.empty()) config.working_dir = image.working_dir;
  for (const auto& [path, unused] : image.volumes) {
    if (!config.volumes) config.volumes.emplace();
    config.volumes->try_emplace(path);
  }
  if (config.stop_signal.empty()) config.stop_signal = image.stop_signal;
  if (!config.stop_timeout && image.stop_timeout) config.stop_timeout = *image.stop_timeout;
  if (!config.shell && !image.shell.empty()) config.shell = image.shell;
  // [""] asks for no entrypoint at all.
  if (config.entrypoint.items && config.entrypoint.items->size() == 1 && config.entrypoint.items->front().empty())
    config.entrypoint.items.reset();
}

Result<std::vector<std::string>> command_of(const api::Config& config) {
  std::vector<std::string> command = config.entrypoint.values();
  for (auto& argument : config.cmd.values()) command.push_back(std::move(argument));
  if (command.empty()) return invalid_argument("no command specified");
  return command;
}

}  // namespace hull::engine
