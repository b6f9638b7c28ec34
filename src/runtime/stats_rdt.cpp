#include <algorithm>

#include "base/files.h"
#include "base/text.h"
#include "linux/resctrl.h"
#include "runtime/intel_rdt.h"

namespace hull::runtime {
namespace {

std::string text(const std::string& path) { return std::string(trim(read_file(path, 1_MiB).value_or(""))); }

uint64_t number(const std::string& path) { return parse_integer<uint64_t>(text(path)).value_or(0); }

/// The line of a resource out of a group's shares.
std::string schema_of(const std::string& group, std::string_view resource) {
  const std::string schemata = text(group + "/schemata");
  for (const std::string_view line : split(schemata, '\n'))
    if (const auto halves = cut(trim(line), ":"); halves && halves->before == resource) return std::string(trim(line));
  return "";
}

void read_counts(const std::string& group, RdtStats& stats) {
  auto domains = list_directory(group + "/mon_data").value_or({});
  std::sort(domains.begin(), domains.end());
  for (const std::string& domain : domains) {
    if (domain.compare(0, 7, "mon_L3_") != 0) continue;
    const std::string place = group + "/mon_data/" + domain + "/";
    if (exists(place + "mbm_total_bytes") || exists(place + "mbm_local_bytes"))
      stats.bandwidth_counts.push_back({number(place + "mbm_total_bytes"), number(place + "mbm_local_bytes")});
    if (exists(place + "llc_occupancy")) stats.occupancy_counts.push_back({number(place + "llc_occupancy")});
  }
}

}  // namespace

RdtStats read_rdt_stats(const Record& record) {
  RdtStats stats;
  const std::string& group = record.intel_rdt_path;
  const auto resctrl = group.empty() ? Result<linux::Resctrl>(not_found("no group")) : linux::Resctrl::open();
  if (!resctrl.ok()) return stats;
  const std::string info = resctrl->root() + "/info/";
  if (resctrl->has("L3")) {
    stats.cache =
        CacheInfo{text(info + "L3/cbm_mask"), number(info + "L3/min_cbm_bits"), number(info + "L3/num_closids")};
    stats.cache_schema_of_root = schema_of(resctrl->root(), "L3");
    stats.cache_schema = schema_of(group, "L3");
  }
  if (resctrl->has("MB")) {
    stats.bandwidth = BandwidthInfo{number(info + "MB/bandwidth_gran"), number(info + "MB/delay_linear"),
                                    number(info + "MB/min_bandwidth"), number(info + "MB/num_closids")};
    stats.bandwidth_schema_of_root = schema_of(resctrl->root(), "MB");
    stats.bandwidth_schema = schema_of(group, "MB");
  }
  read_counts(record.details.rdt_monitor.empty() ? group : record.details.rdt_monitor, stats);
  return stats;
}

}  // namespace hull::runtime
