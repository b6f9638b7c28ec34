#include "cli/commands/volume/volume_row.h"

#include "cli/commands/container/ps_row.h"
#include "cli/daemon.h"
#include "cli/format/units.h"

namespace hull::cli {

namespace {

std::string name_text(const VolumeRow& row) { return text_at(row.volume, "Name"); }
std::string driver_text(const VolumeRow& row) { return text_at(row.volume, "Driver"); }
std::string scope_text(const VolumeRow& row) { return text_at(row.volume, "Scope"); }
std::string mountpoint_text(const VolumeRow& row) { return text_at(row.volume, "Mountpoint"); }
std::string labels_text(const VolumeRow& row) { return displayed_labels(member_at(row.volume, "Labels")); }
std::string links_text(const VolumeRow& row) {
  const json::Value& usage = member_at(row.volume, "UsageData");
  return usage.is_null() ? "N/A" : std::to_string(number_at(usage, "RefCount"));
}
std::string size_text(const VolumeRow& row) {
  const json::Value& usage = member_at(row.volume, "UsageData");
  return usage.is_null() ? "N/A" : human_size(static_cast<double>(number_at(usage, "Size")));
}
std::string not_available(const VolumeRow&) { return "N/A"; }  // of a swarm's volumes only

constexpr Column<VolumeRow> kColumns[] = {
    {"Name", "VOLUME NAME", name_text}, {"Driver", "DRIVER", driver_text},
    {"Scope", "SCOPE", scope_text},     {"Mountpoint", "MOUNTPOINT", mountpoint_text},
    {"Labels", "LABELS", labels_text},  {"Links", "LINKS", links_text},
    {"Size", "SIZE", size_text},        {"Availability", "AVAILABILITY", not_available},
    {"Group", "GROUP", not_available},  {"Status", "STATUS", not_available},
};

}  // namespace

std::string VolumeRow::label(std::string_view name) const { return text_at(member_at(volume, "Labels"), name); }

std::span<const Column<VolumeRow>> volume_columns() { return kColumns; }

}  // namespace hull::cli
