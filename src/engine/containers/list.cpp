#include "engine/containers/list.h"

#include <algorithm>

#include "base/text.h"
#include "engine/containers/views.h"

namespace hull::engine {
namespace {

const std::vector<std::string> kListFilters = {"ancestor", "before",  "exited",    "expose", "health",
                                               "id",       "is-task", "isolation", "label",  "name",
                                               "network",  "publish", "since",     "status", "volume"};

constexpr std::string_view kPhases[] = {"created", "running", "paused", "restarting", "removing", "exited", "dead"};

constexpr std::string_view kHealths[] = {"none", "starting", "healthy", "unhealthy"};

/// "80", "80/tcp" or "80-90/tcp" against a container's port.
bool port_matches(const std::string& wanted, uint16_t port, const std::string& protocol) {
  const auto ports = api::parse_ports(wanted);
  return ports.ok() && std::any_of(ports->begin(), ports->end(), [&](const api::Port& candidate) {
           return candidate.number == port && api::to_string(candidate.protocol) == protocol;
         });
}

bool label_matches(const api::StringMap& labels, const std::string& wanted) {
  const auto parts = cut(wanted, "=");
  const auto found = labels.find(parts ? std::string(parts->before) : wanted);
  return found != labels.end() && (!parts || found->second == parts->after);
}

/// Docker takes a regular expression; a name, "^/?name$" and parts of names are what people use.
bool name_matches(const std::string& name, std::string pattern) {
  const bool begins = pattern.starts_with('^');
  const bool ends = pattern.ends_with('$');
  if (begins) pattern.erase(0, 1);
  if (ends) pattern.pop_back();
  if (pattern.starts_with("/?")) pattern.erase(0, 2);
  const std::string full = pattern.starts_with('/') ? "/" + name : name;
  if (begins && ends) return full == pattern;
  if (begins) return full.starts_with(pattern);
  if (ends) return full.ends_with(pattern);
  return full.find(pattern) != std::string::npos;
}

Result<void> check_values(const ContainerFilters& filters) {
  for (const auto& [name, values] : filters)
    for (const std::string& value : values) {
      if (name == "status" && std::find(std::begin(kPhases), std::end(kPhases), value) == std::end(kPhases))
        return invalid_argument("invalid filter 'status=" + value + "'");
      if (name == "health" && std::find(std::begin(kHealths), std::end(kHealths), value) == std::end(kHealths))
        return invalid_argument("invalid filter 'health=" + value + "'");
      if (name == "exited" && !parse_integer<int64_t>(value))
        return invalid_argument("invalid filter 'exited=" + value + "'");
      if ((name == "expose" || name == "publish") && !api::parse_ports(value).ok())
        return invalid_argument("invalid filter '" + name + "=" + value + "'");
    }
  return {};
}

Result<std::optional<Timestamp>> moment_of(Registry& registry, const ContainerFilters& filters, const char* name) {
  const auto found = filters.find(name);
  if (found == filters.end() || found->second.empty()) return std::optional<Timestamp>();
  return std::optional<Timestamp>(TRY(registry.index().find(found->second.front()))->record()->created);
}

/// "until": a moment, or how long ago. Errors: kInvalidArgument.
Result<std::optional<Timestamp>> until_of(const ContainerFilters& filters) {
  const auto found = filters.find("until");
  if (found == filters.end()) return std::optional<Timestamp>();
  if (found->second.size() != 1) return invalid_argument("more than one until filter specified");
  const std::string& text = found->second.front();
  if (const auto seconds = parse_integer<int64_t>(text))
    return std::optional(Timestamp(std::chrono::seconds(*seconds)));
  if (const auto ago = parse_go_duration(text); ago.ok()) return std::optional(now() - *ago);
  const auto moment = parse_rfc3339(text);
  if (!moment.ok() || !*moment) return invalid_argument("invalid filter 'until=" + text + "'");
  return *moment;
}

}  // namespace

Result<ContainerMatcher> ContainerMatcher::create(Registry& registry, const ContainerFilters& filters,
                                                  const std::vector<std::string>& allowed) {
  for (const auto& [name, values] : filters)
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end())
      return invalid_argument("invalid filter '" + name + "'");
  TRY(check_values(filters));
  ContainerMatcher matcher(filters);
  matcher.before_ = TRY(moment_of(registry, filters, "before"));
  matcher.since_ = TRY(moment_of(registry, filters, "since"));
  if (const auto until = TRY(until_of(filters))) matcher.before_ = until;
  return matcher;
}

bool ContainerMatcher::any(const char* name, const std::function<bool(const std::string&)>& test) const {
  const auto found = filters_.find(name);
  return found == filters_.end() || std::any_of(found->second.begin(), found->second.end(), test);
}

bool ContainerMatcher::matches(const ContainerRecord& record) const {
  if (before_ && record.created >= *before_) return false;
  if (since_ && record.created <= *since_) return false;
  const auto labels = record.config.labels.value_or(api::StringMap());
  const auto excluded = filters_.find("label!");
  if (excluded != filters_.end() && std::any_of(excluded->second.begin(), excluded->second.end(),
                                                [&](const auto& value) { return label_matches(labels, value); }))
    return false;
  // Several labels must all be there; several values of another filter are alternatives.
  if (const auto wanted = filters_.find("label"); wanted != filters_.end())
    if (!std::all_of(wanted->second.begin(), wanted->second.end(),
                     [&](const auto& value) { return label_matches(labels, value); }))
      return false;
  const api::ContainerSummary view = summary_view(record);
  const auto image_is = [&](const std::string& value) {
    return record.config.image == value || record.config.image == value + ":latest" || record.image_id == value ||
           record.image_id.starts_with("sha256:" + value);
  };
  const auto on_network = [&](const std::string& value) {
    return std::any_of(view.network_settings.networks.begin(), view.network_settings.networks.end(),
                       [&](const auto& entry) {
                         return entry.first == value || (!value.empty() && entry.second.network_id.starts_with(value));
                       });
  };
  const auto has_volume = [&](const std::string& value) {
    return std::any_of(view.mounts.begin(), view.mounts.end(), [&](const api::MountPoint& mount) {
      return mount.name == value || mount.destination == value || mount.source == value;
    });
  };
  const auto exposes = [&](const std::string& value) {
    return std::any_of(record.config.exposed_ports.begin(), record.config.exposed_ports.end(), [&](const auto& entry) {
      const auto port = api::parse_port(entry.first);
      return port.ok() && port_matches(value, port->number, std::string(api::to_string(port->protocol)));
    });
  };
  const auto publishes = [&](const std::string& value) {
    return std::any_of(view.ports.begin(), view.ports.end(), [&](const api::PortSummary& port) {
      return port.public_port != 0 && port_matches(value, port.public_port, port.type);
    });
  };
  return any("id", [&](const auto& value) { return record.id.starts_with(value); }) &&
         any("name", [&](const auto& value) { return name_matches(record.name, value); }) &&
         any("status", [&](const auto& value) { return json::name_of(record.state.phase) == value; }) &&
         any("exited",
             [&](const auto& value) {
               return record.state.phase == Phase::kExited && parse_integer<int64_t>(value) == record.state.exit_code;
             }) &&
         any("ancestor", image_is) && any("network", on_network) && any("volume", has_volume) &&
         any("expose", exposes) && any("publish", publishes) &&
         any("health",
             [&](const auto& value) {
               return value == (record.state.health ? record.state.health->status : "none");
             }) &&
         any("is-task", [](const auto& value) { return value == "false" || value == "0"; });
}

Result<std::vector<api::ContainerSummary>> list_containers(const Call& call, Registry& registry,
                                                           const ListOptions& options) {
  const auto matcher = TRY(ContainerMatcher::create(registry, options.filters, kListFilters));
  const bool all = options.all || options.limit || matcher.wants_stopped();
  std::vector<RecordPtr> records;
  for (const ContainerPtr& container : registry.index().all()) {
    RecordPtr record = container->record();
    const Phase phase = record->state.phase;
    if (!all && !is_live(phase) && phase != Phase::kRestarting) continue;
    if (options.filters.empty() || matcher.matches(*record)) records.push_back(std::move(record));
  }
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a->created > b->created; });
  if (options.limit && *options.limit > 0 && records.size() > static_cast<size_t>(*options.limit))
    records.resize(static_cast<size_t>(*options.limit));
  std::vector<api::ContainerSummary> list;
  for (const RecordPtr& record : records) {
    auto& summary = list.emplace_back(summary_view(*record));
    if (!options.sizes) continue;
    summary.size_rw = registry.services().rootfs.size(call, record->id).value_or(0);
    summary.size_root_fs =
        *summary.size_rw + registry.services().rootfs.image_size(call, record->image_chain).value_or(0);
  }
  return list;
}

}  // namespace hull::engine
