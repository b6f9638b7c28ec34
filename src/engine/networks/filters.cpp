#include "engine/networks/filters.h"

#include <algorithm>

#include "base/text.h"
#include "base/time.h"
#include "engine/networks/definition.h"

namespace hull::engine {
namespace {

Error bad_filter(const std::string& key) { return invalid_argument("invalid filter '" + key + "'"); }

bool has_label(const api::Network& network, const std::string& wanted) {
  const auto parts = cut(wanted, "=");
  const auto found = network.labels.find(std::string(parts ? parts->before : wanted));
  return found != network.labels.end() && (!parts || found->second == parts->after);
}

bool is_true(const std::string& text) { return text == "true" || text == "1"; }

bool matches_value(const api::Network& network, const std::string& key, const std::string& value, bool in_use) {
  if (key == "name") return network.name.find(value) != std::string::npos;
  if (key == "id") return network.id.starts_with(value);
  if (key == "driver") return network.driver == value;
  if (key == "scope") return network.scope == value;
  if (key == "type") return is_predefined(network.name) == (value == "builtin");
  if (key == "dangling") return is_true(value) == (!in_use && !is_predefined(network.name));
  return false;
}

Result<Timestamp> parse_until(const std::string& text) {
  if (const auto seconds = parse_integer<int64_t>(text)) return Timestamp(std::chrono::seconds(*seconds));
  if (const auto age = parse_go_duration(text); age.ok()) return now() - *age;
  const auto time = parse_rfc3339(text);
  if (time.ok() && *time) return **time;
  return invalid_argument("invalid value for filter \"until\": \"" + text + "\"");
}

}  // namespace

Result<void> validate_network_filters(const NetworkFilters& filters) {
  for (const auto& [key, values] : filters) {
    constexpr std::string_view kKeys[] = {"dangling", "driver", "id", "label", "name", "scope", "type"};
    if (std::ranges::find(kKeys, key) == std::end(kKeys)) return bad_filter(key);
    for (const std::string& value : values) {
      if (key == "type" && value != "builtin" && value != "custom")
        return invalid_argument("invalid filter: 'type'='" + value + "'");
      if (key == "dangling" && !is_true(value) && value != "false" && value != "0")
        return invalid_argument("invalid value for 'dangling' filter \"" + value + "\"");
    }
  }
  return {};
}

bool matches(const api::Network& network, const NetworkFilters& filters, bool in_use) {
  return std::ranges::all_of(filters, [&](const auto& filter) {
    const auto& [key, values] = filter;
    if (values.empty()) return true;
    if (key == "label") return std::ranges::all_of(values, [&](auto& value) { return has_label(network, value); });
    return std::ranges::any_of(values,
                               [&, &by = key](auto& value) { return matches_value(network, by, value, in_use); });
  });
}

Result<void> validate_network_prune_filters(const NetworkFilters& filters) {
  for (const auto& [key, values] : filters) {
    if (key != "label" && key != "label!" && key != "until") return bad_filter(key);
    if (key == "until" && values.size() > 1) return invalid_argument("more than one until filter specified");
  }
  return {};
}

Result<bool> matches_prune(const api::Network& network, const NetworkFilters& filters) {
  for (const auto& [key, values] : filters)
    for (const std::string& value : values) {
      if (key == "label" && !has_label(network, value)) return false;
      if (key == "label!" && has_label(network, value)) return false;
      if (key == "until" && network.created && *network.created > TRY(parse_until(value))) return false;
    }
  return true;
}

}  // namespace hull::engine
