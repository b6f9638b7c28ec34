#include "engine/containers/record.h"

namespace hull::engine {
namespace containerd {

template <class V>
void describe(V& json, Mount& mount) {
  json.field("type", mount.type);
  json.field("source", mount.source);
  json.omit_empty("target", mount.target);
  json.omit_empty("options", mount.options);
}

}  // namespace containerd

template <class V>
void describe(V& json, Sandbox& sandbox) {
  json.field("netns_path", sandbox.netns_path);
  json.field("endpoints", sandbox.endpoints);
  json.field("ports", sandbox.ports);
  json.field("sandbox_id", sandbox.sandbox_id);
}

namespace {

/// The record's two parts, so that each has a description.
struct Fixed {
  ContainerRecord record;
};
template <class V>
void describe(V& json, Fixed& fixed) {
  ContainerRecord& record = fixed.record;
  json.required("id", record.id);
  json.required("name", record.name);
  json.field("created", record.created);
  json.field("image_id", record.image_id);
  json.field("image_chain", record.image_chain);
  json.required("config", record.config);
  json.required("host", record.host);
  json.field("endpoints", record.endpoints);
  json.field("command", record.command);
  json.field("mounts", record.mounts);
  json.field("rootfs", record.rootfs);
}

struct Changing {
  RunState run;
  std::optional<Sandbox> sandbox;
};
template <class V>
void describe(V& json, Changing& changing) {
  json.required("run", changing.run);
  json.optional("sandbox", changing.sandbox);
}

}  // namespace

std::string format_fixed(const ContainerRecord& record) { return json::format(Fixed{record}); }

std::string format_state(const ContainerRecord& record) { return json::format(Changing{record.state, record.sandbox}); }

Result<ContainerRecord> parse_record(std::string_view fixed, std::string_view state) {
  ContainerRecord record = TRY(json::parse<Fixed>(fixed)).record;
  if (record.command.empty()) return data_loss("container " + record.id + ": its record has no command");
  auto changing = TRY(json::parse<Changing>(state));
  record.state = std::move(changing.run);
  record.sandbox = std::move(changing.sandbox);
  return record;
}

}  // namespace hull::engine
