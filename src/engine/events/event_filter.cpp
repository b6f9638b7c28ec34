#include "engine/events/event_filter.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace hull::engine {
namespace {

/// Filters that name an object. As docker has it, they look at id and name only, whatever the event's type is: events
/// of an image "web:1" also pass the filter container=web.
constexpr std::array kObjects = {"container", "daemon",  "network", "volume", "plugin",
                                 "node",      "service", "secret",  "config"};
constexpr std::array kOthers = {"event", "image", "label", "scope", "type"};

std::string attribute(const Event& event, const char* name) {
  const auto found = event.attributes.find(name);
  return found == event.attributes.end() ? "" : found->second;
}

std::string without_tag(const std::string& name) {
  const size_t colon = name.rfind(':');
  return colon == name.npos || name.find('/', colon) != name.npos ? name : name.substr(0, colon);
}

bool any_is(const std::vector<std::string>& wanted, const std::string& text) {
  return std::find(wanted.begin(), wanted.end(), text) != wanted.end();
}
bool any_begins(const std::vector<std::string>& wanted, const std::string& text) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& prefix) { return text.starts_with(prefix); });
}

}  // namespace

Result<EventFilter> EventFilter::create(std::map<std::string, std::vector<std::string>> filters) {
  for (const auto& [name, values] : filters) {
    const auto is_name = [&wanted = name](const char* known) { return wanted == known; };
    if (std::none_of(kObjects.begin(), kObjects.end(), is_name) &&
        std::none_of(kOthers.begin(), kOthers.end(), is_name))
      return invalid_argument("invalid filter '" + name + "'");
  }
  return EventFilter(std::move(filters));
}

bool EventFilter::matches(const Event& event) const {
  if (const auto type = filters_.find("type"); type != filters_.end() && !any_is(type->second, event.type))
    return false;
  if (const auto scope = filters_.find("scope"); scope != filters_.end() && !any_is(scope->second, "local"))
    return false;
  return matches_action(event) && matches_object(event) && matches_image(event) && matches_labels(event);
}

bool EventFilter::matches_action(const Event& event) const {
  const auto wanted = filters_.find("event");
  if (wanted == filters_.end() || any_is(wanted->second, event.action)) return true;
  // "exec_create" means "exec_create: ls", too.
  for (const char* family : {"exec_create", "exec_start", "health_status"})
    if (any_is(wanted->second, family) && any_begins(wanted->second, event.action)) return true;
  return false;
}

bool EventFilter::matches_object(const Event& event) const {
  for (const char* type : kObjects) {
    const auto wanted = filters_.find(type);
    if (wanted == filters_.end()) continue;
    if (!any_begins(wanted->second, event.actor_id) && !any_begins(wanted->second, attribute(event, "name")))
      return false;
  }
  return true;
}

bool EventFilter::matches_image(const Event& event) const {
  const auto wanted = filters_.find("image");
  if (wanted == filters_.end()) return true;
  const std::string name = attribute(event, event.type == "image" ? "name" : "image");
  return any_is(wanted->second, event.actor_id) || any_is(wanted->second, name) ||
         any_is(wanted->second, without_tag(event.actor_id)) || any_is(wanted->second, without_tag(name));
}

bool EventFilter::matches_labels(const Event& event) const {
  const auto wanted = filters_.find("label");
  if (wanted == filters_.end()) return true;
  return std::all_of(wanted->second.begin(), wanted->second.end(), [&](const std::string& label) {
    const auto parts = cut(label, "=");
    const auto found = event.attributes.find(std::string(parts ? parts->before : label));
    return found != event.attributes.end() && (!parts || found->second == parts->after);
  });
}

}  // namespace hull::engine
