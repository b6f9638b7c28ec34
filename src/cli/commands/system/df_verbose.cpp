#include "cli/commands/system/df_verbose.h"

#include <algorithm>

#include "base/text.h"
#include "cli/commands/container/ps_row.h"
#include "cli/commands/image/image_row.h"
#include "cli/commands/volume/volume_row.h"
#include "cli/daemon.h"
#include "cli/format/listing.h"
#include "cli/format/template.h"
#include "cli/format/units.h"

namespace hull::cli {

namespace {

/// A record of the build cache.
struct CacheRow {
  const json::Value& record;
};

std::string since(const std::string& moment) {
  const auto time = parse_rfc3339(moment);
  return time.ok() && *time ? human_since(**time) : "";
}
std::string id_text(const CacheRow& row) { return text_at(row.record, "ID").substr(0, 12); }
std::string parent_text(const CacheRow& row) { return text_at(row.record, "Parent"); }
std::string type_text(const CacheRow& row) { return text_at(row.record, "Type"); }
std::string description_text(const CacheRow& row) { return text_at(row.record, "Description"); }
std::string size_text(const CacheRow& row) { return human_size(static_cast<double>(number_at(row.record, "Size")), 3); }
std::string created_text(const CacheRow& row) { return since(text_at(row.record, "CreatedAt")); }
std::string used_text(const CacheRow& row) { return since(text_at(row.record, "LastUsedAt")); }
std::string count_text(const CacheRow& row) { return std::to_string(number_at(row.record, "UsageCount")); }
std::string shared_text(const CacheRow& row) { return flag_at(row.record, "Shared") ? "true" : "false"; }
std::string in_use_text(const CacheRow& row) { return flag_at(row.record, "InUse") ? "true" : "false"; }

constexpr Column<CacheRow> kCacheColumns[] = {
    {"ID", "CACHE ID", id_text},
    {"Parent", "PARENT", parent_text},
    {"CacheType", "CACHE TYPE", type_text},
    {"Description", "DESCRIPTION", description_text},
    {"Size", "SIZE", size_text},
    {"CreatedSince", "CREATED", created_text},
    {"LastUsedSince", "LAST USED", used_text},
    {"UsageCount", "USAGE", count_text},
    {"Shared", "SHARED", shared_text},
    {"InUse", "IN USE", in_use_text},
};

/// An image under the first of its names.
ImageRow image_row(const json::Value& image) {
  const auto tags = entries_of(member_at(image, "RepoTags"));
  const std::string_view name = tags.empty() || !tags[0].is_string() ? "" : std::string_view(tags[0].get_string());
  const size_t colon = name.rfind(':');
  const bool named = colon != name.npos;
  return {image, true, std::string(named ? name.substr(0, colon) : kNone),
          std::string(named ? name.substr(colon + 1) : kNone), std::string(kNone)};
}

struct Rows {
  std::vector<ImageRow> images;
  std::vector<PsRow> containers;
  std::vector<VolumeRow> volumes;
  std::vector<CacheRow> cache;
};

Rows rows_of(const json::Value& answer) {
  Rows rows;
  for (const json::Value& image : entries_of(member_at(answer, "Images"))) rows.images.push_back(image_row(image));
  for (const json::Value& container : entries_of(member_at(answer, "Containers")))
    rows.containers.push_back({.container = container, .truncate = true, .show_virtual = false});
  for (const json::Value& volume : entries_of(member_at(answer, "Volumes"))) rows.volumes.push_back({volume});
  for (const json::Value& record : entries_of(member_at(answer, "BuildCache"))) rows.cache.push_back({record});
  return rows;
}

template <class Row>
std::string array_of(std::span<const Column<Row>> columns, const std::vector<Row>& rows) {
  std::string out = "[";
  for (const Row& row : rows) out.append(out.size() > 1 ? "," : "").append(RowView<Row>(columns, row, "").json());
  return out + "]";
}

Result<std::string> by_template(const Rows& rows, const std::string& format) {
  auto pattern = Template::parse(Format::of(format, "").source);
  if (!pattern.ok()) return invalid_argument("failed to parse template: " + pattern.error().message());
  const json::Value all =
      TRY(json::parse_value("{\"Images\":" + array_of(image_columns(), rows.images) +
                            ",\"Containers\":" + array_of(ps_columns(), rows.containers) +
                            ",\"Volumes\":" + array_of(volume_columns(), rows.volumes) +
                            ",\"BuildCache\":" + array_of<CacheRow>(kCacheColumns, rows.cache) + "}"));
  std::string out;
  TRY(pattern->execute(Value::of(all), out));
  return out + "\n";
}

}  // namespace

Result<std::string> verbose_disk_usage(const json::Value& answer, const std::string& format) {
  const Rows rows = rows_of(answer);
  if (!format.empty() && format != "table") return by_template(rows, format);
  const auto table = [](std::string_view source) { return Format{.source = std::string(source), .table = true}; };
  std::string out = "Images space usage:\n\n";
  out += TRY(list_rows<ImageRow>(table("{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t"
                                       "{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}"),
                                 image_columns(), rows.images, ""));
  out += "\nContainers space usage:\n\n";
  out += TRY(list_rows<PsRow>(table("{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t"
                                    "{{.Status}}\t{{.Names}}"),
                              ps_columns(), rows.containers, ""));
  out += "\nLocal Volumes space usage:\n\n";
  out += TRY(list_rows<VolumeRow>(table("{{.Name}}\t{{.Links}}\t{{.Size}}"), volume_columns(), rows.volumes, ""));
  out += "\nBuild cache usage: " + human_size(static_cast<double>(number_at(answer, "BuilderSize"))) + "\n\n";
  out += TRY(list_rows<CacheRow>(table("{{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedSince}}\t{{.LastUsedSince}}\t"
                                       "{{.UsageCount}}\t{{.Shared}}"),
                                 kCacheColumns, rows.cache, ""));
  return out;
}

}  // namespace hull::cli
