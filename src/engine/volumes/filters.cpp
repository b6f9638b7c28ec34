#include "engine/volumes/filters.h"

#include <algorithm>

#include "base/text.h"

namespace hull::engine {
namespace {

Error bad_filter(const std::string& key) { return invalid_argument("invalid filter '" + key + "'"); }

std::optional<bool> truth(const std::string& text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return std::nullopt;
}

bool has_label(const VolumeRecord& volume, const std::string& wanted) {
  if (!volume.labels) return false;
  const auto parts = cut(wanted, "=");
  const auto found = volume.labels->find(std::string(parts ? parts->before : wanted));
  return found != volume.labels->end() && (!parts || found->second == parts->after);
}

bool matches_value(const VolumeRecord& volume, const std::string& key, const std::string& value, bool in_use) {
  if (key == "name") return volume.name.find(value) != std::string::npos;
  if (key == "driver") return volume.driver == value;
  return key == "dangling" && truth(value) != in_use;
}

}  // namespace

Result<void> validate_volume_filters(const VolumeFilters& filters) {
  for (const auto& [key, values] : filters) {
    if (key != "dangling" && key != "driver" && key != "label" && key != "name") return bad_filter(key);
    for (const std::string& value : values)
      if (key == "dangling" && !truth(value)) return invalid_argument("invalid filter 'dangling=[" + value + "]'");
  }
  return {};
}

bool matches(const VolumeRecord& volume, const VolumeFilters& filters, bool in_use) {
  return std::ranges::all_of(filters, [&](const auto& filter) {
    const auto& [key, values] = filter;
    if (values.empty()) return true;
    if (key == "label") return std::ranges::all_of(values, [&](auto& value) { return has_label(volume, value); });
    return std::ranges::any_of(values,
                               [&, &by = key](auto& value) { return matches_value(volume, by, value, in_use); });
  });
}

Result<std::optional<bool>> prunes_all(const VolumeFilters& filters) {
  std::optional<bool> all;
  for (const auto& [key, values] : filters) {
    if (key != "all" && key != "label" && key != "label!") return bad_filter(key);
    if (key != "all") continue;
    for (const std::string& value : values)
      if (all = truth(value); !all) return invalid_argument("invalid filter 'all=[" + value + "]'");
  }
  return all;
}

bool matches_prune(const VolumeRecord& volume, const VolumeFilters& filters) {
  for (const auto& [key, values] : filters)
    for (const std::string& value : values) {
      if (key == "label" && !has_label(volume, value)) return false;
      if (key == "label!" && has_label(volume, value)) return false;
    }
  return true;
}

}  // namespace hull::engine
