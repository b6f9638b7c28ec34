#include "cli/commands/container/ps_row.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "cli/daemon.h"
#include "cli/format/quote.h"
#include "cli/format/units.h"

namespace hull::cli {

namespace {

Timestamp created(const PsRow& row) { return Timestamp(std::chrono::seconds(number_at(row.container, "Created"))); }

std::string id_text(const PsRow& row) {
  const std::string id = text_at(row.container, "Id");
  return row.truncate ? std::string(short_id(id)) : id;
}

std::string image_text(const PsRow& row) {
  std::string image = text_at(row.container, "Image");
  if (image.empty()) return "<no image>";
  if (!row.truncate) return image;
  const std::string id = text_at(row.container, "ImageID");
  if (short_id(id) == short_id(image) && !id.empty()) return std::string(short_id(image));
  // A name with a tag tells enough without its digest.
  const auto digest = cut(image, "@");
  if (digest && digest->before.rfind(':') != std::string_view::npos &&
      digest->before.find('/', digest->before.rfind(':')) == std::string_view::npos)
    return std::string(digest->before);
  return image;
}

std::string command_text(const PsRow& row) {
  const std::string command = text_at(row.container, "Command");
  return go_quote(row.truncate ? ellipsis(command, 20) : command);
}

std::string names_text(const PsRow& row) {
  std::vector<std::string> names;
  for (const json::Value& entry : entries_of(member_at(row.container, "Names"))) {
    std::string name = entry.is_string() ? std::string(std::string_view(entry.get_string())) : "";
    if (name.starts_with('/')) name.erase(0, 1);
    names.push_back(std::move(name));
  }
  if (row.truncate) {  // the container's own name, rather than those that links give it
    for (const std::string& name : names)
      if (name.find('/') == std::string::npos) return name;
  }
  return join(names, ",");
}

std::string created_text(const PsRow& row) { return go_time(created(row)); }
std::string running_text(const PsRow& row) { return human_duration(now() - created(row)) + " ago"; }
std::string ports_text(const PsRow& row) { return displayed_ports(member_at(row.container, "Ports")); }
std::string state_text(const PsRow& row) { return text_at(row.container, "State"); }
std::string status_text(const PsRow& row) { return text_at(row.container, "Status"); }
std::string labels_text(const PsRow& row) { return displayed_labels(member_at(row.container, "Labels")); }

std::string size_text(const PsRow& row) {
  if (row.size_wanted) *row.size_wanted = true;
  const std::string own = human_size(static_cast<double>(number_at(row.container, "SizeRw")), 3);
  const int64_t whole = row.show_virtual ? number_at(row.container, "SizeRootFs") : 0;
  return whole > 0 ? own + " (virtual " + human_size(static_cast<double>(whole), 3) + ")" : own;
}

std::string mounts_text(const PsRow& row) {
  std::vector<std::string> mounts;
  for (const json::Value& mount : entries_of(member_at(row.container, "Mounts"))) {
    const std::string volume = text_at(mount, "Name");
    const std::string name = volume.empty() ? text_at(mount, "Source") : volume;
    mounts.push_back(row.truncate ? ellipsis(name, 15) : name);
  }
  return join(mounts, ",");
}

std::string volumes_text(const PsRow& row) {
  const auto mounts = entries_of(member_at(row.container, "Mounts"));
  return std::to_string(std::count_if(mounts.begin(), mounts.end(),
                                      [](const json::Value& mount) { return text_at(mount, "Driver") == "local"; }));
}

std::string networks_text(const PsRow& row) {
  const json::Value& networks = member_at(member_at(row.container, "NetworkSettings"), "Networks");
  std::vector<std::string> names;
  if (networks.is_object())
    for (const auto& entry : networks.get_object()) names.emplace_back(std::string_view(entry.key()));
  return join(names, ",");
}

const json::Value& platform_of(const PsRow& row) {
  return member_at(member_at(row.container, "ImageManifestDescriptor"), "platform");
}
std::string platform_json_text(const PsRow& row) { return json::format(platform_of(row)); }
std::string platform_text(const PsRow& row) {
  const json::Value& platform = platform_of(row);
  if (platform.is_null()) return "<nil>";
  const std::string variant = text_at(platform, "variant");
  return text_at(platform, "os") + "/" + text_at(platform, "architecture") + (variant.empty() ? "" : "/" + variant);
}

constexpr Column<PsRow> kColumns[] = {
    {"ID", "CONTAINER ID", id_text},
    {"Names", "NAMES", names_text},
    {"Image", "IMAGE", image_text},
    {"Command", "COMMAND", command_text},
    {"CreatedAt", "CREATED AT", created_text},
    {"RunningFor", "CREATED", running_text},
    {"Ports", "PORTS", ports_text},
    {"State", "STATE", state_text},
    {"Status", "STATUS", status_text},
    {"Size", "SIZE", size_text},
    {"Labels", "LABELS", labels_text},
    {"Mounts", "MOUNTS", mounts_text},
    {"LocalVolumes", "LOCAL VOLUMES", volumes_text},
    {"Networks", "NETWORKS", networks_text},
    {"Platform", "PLATFORM", platform_text, platform_json_text},
};

struct PublishedPort {
  int64_t container = 0;
  std::string address;
  int64_t host = 0;
  std::string protocol;
  auto operator<=>(const PublishedPort&) const = default;
};

std::string host_and_port(const std::string& address, const std::string& port) {
  return (address.find(':') != std::string::npos ? "[" + address + "]" : address) + ":" + port;
}

struct Group {
  std::string address;
  std::string protocol;
  int64_t first = 0;
  int64_t last = 0;
  std::string text() const {
    std::string ports = std::to_string(first);
    if (first != last) ports += "-" + std::to_string(last);
    if (!address.empty()) ports = host_and_port(address, ports) + "->" + ports;
    return ports + "/" + protocol;
  }
};

}  // namespace

std::string PsRow::label(std::string_view name) const { return text_at(member_at(container, "Labels"), name); }

std::span<const Column<PsRow>> ps_columns() { return kColumns; }

std::string displayed_labels(const json::Value& labels) {
  std::vector<std::string> pairs;
  if (labels.is_object())
    for (const auto& entry : labels.get_object())
      pairs.push_back(std::string(std::string_view(entry.key())) + "=" + text_at(labels, entry.key()));
  std::sort(pairs.begin(), pairs.end());
  return join(pairs, ",");
}

std::string displayed_ports(const json::Value& list) {
  std::vector<PublishedPort> ports;
  for (const json::Value& port : entries_of(list))
    ports.push_back(
        {number_at(port, "PrivatePort"), text_at(port, "IP"), number_at(port, "PublicPort"), text_at(port, "Type")});
  std::sort(ports.begin(), ports.end());
  std::vector<std::string> out, mapped;
  std::vector<Group> groups;
  for (const PublishedPort& port : ports) {
    if (!port.address.empty() && port.host != port.container) {
      mapped.push_back(host_and_port(port.address, std::to_string(port.host)) + "->" + std::to_string(port.container) +
                       "/" + port.protocol);
      continue;
    }
    const auto same = [&](const Group& group) {
      return group.address == port.address && group.protocol == port.protocol;
    };
    const auto group = std::find_if(groups.begin(), groups.end(), same);
    if (group == groups.end()) {
      groups.push_back({port.address, port.protocol, port.container, port.container});
    } else if (port.container == group->last + 1) {
      group->last = port.container;
    } else {
      out.push_back(group->text());
      group->first = group->last = port.container;
    }
  }
  for (const Group& group : groups) out.push_back(group.text());
  out.insert(out.end(), mapped.begin(), mapped.end());
  return join(out, ", ");
}

}  // namespace hull::cli
