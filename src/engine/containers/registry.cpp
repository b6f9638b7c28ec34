#include "engine/containers/registry.h"

#include "base/log.h"

namespace hull::engine {

std::string Registry::log_path(const ContainerRecord& record) const {
  if (record.host.log_config.type == "local") return directory(record.id) + "/local-logs/container.log";
  return directory(record.id) + "/" + record.id + "-json.log";
}

void Registry::change_state(Container& container, ContainerRecord next) {
  if (auto saved = store_.update_state(next); !saved.ok())
    logging::error("save container state", {{"container", next.id}, {"error", saved.error().message()}});
  container.publish(std::make_shared<const ContainerRecord>(std::move(next)));
}

Result<void> Registry::change(Container& container, ContainerRecord next) {
  TRY(store_.update(next).context("save container " + next.id));
  container.publish(std::make_shared<const ContainerRecord>(std::move(next)));
  return {};
}

void Registry::announce(const ContainerRecord& record, std::string action,
                        std::map<std::string, std::string> attributes) {
  for (const auto& [name, value] : record.config.labels.value_or(api::StringMap())) attributes.emplace(name, value);
  attributes["image"] = record.config.image;
  attributes["name"] = record.name;
  services_.events.publish({"container", std::move(action), record.id, std::move(attributes), {}});
}

}  // namespace hull::engine
