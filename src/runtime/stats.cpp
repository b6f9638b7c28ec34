#include "runtime/stats.h"

#include <algorithm>

#include "base/files.h"
#include "base/text.h"
#include "runtime/stats_files.h"

namespace hull::runtime {
namespace cgroup_files {

std::string text(const linux::Cgroup& cgroup, std::string_view controller, const std::string& file) {
  return cgroup.read(controller, file).value_or("");
}

uint64_t number(const linux::Cgroup& cgroup, std::string_view controller, const std::string& file) {
  return parse_integer<uint64_t>(text(cgroup, controller, file)).value_or(0);
}

Table table(const linux::Cgroup& cgroup, std::string_view controller, const std::string& file) {
  Table found;
  const std::string content = text(cgroup, controller, file);
  for (const std::string_view line : split(content, '\n'))
    if (const auto parts = cut(line, " "))
      if (const auto value = parse_integer<uint64_t>(parts->after)) found[std::string(parts->before)] = *value;
  return found;
}

uint64_t value_of(const Table& table, const std::string& key) {
  const auto found = table.find(key);
  return found == table.end() ? 0 : found->second;
}

std::vector<std::string> huge_page_sizes() {
  std::vector<std::string> sizes;
  constexpr std::string_view kPrefix = "hugepages-", kSuffix = "kB";
  for (const std::string& name : list_directory("/sys/kernel/mm/hugepages").value_or({})) {
    if (name.size() <= kPrefix.size() + kSuffix.size() || name.compare(0, kPrefix.size(), kPrefix) != 0) continue;
    const auto digits = std::string_view(name).substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
    const auto kilobytes = parse_integer<uint64_t>(digits);
    if (!kilobytes) continue;
    constexpr uint64_t kMega = 1024, kGiga = 1024 * 1024;
    sizes.push_back(*kilobytes >= kGiga   ? std::to_string(*kilobytes / kGiga) + "GB"
                    : *kilobytes >= kMega ? std::to_string(*kilobytes / kMega) + "MB"
                                          : std::to_string(*kilobytes) + "KB");
  }
  std::sort(sizes.begin(), sizes.end());
  return sizes;
}

}  // namespace cgroup_files

Stats read_stats(const linux::Cgroup& cgroup) {
  return cgroup.unified_only() ? read_stats_v2(cgroup) : read_stats_v1(cgroup);
}

}  // namespace hull::runtime
