#include "engine/images/list.h"

#include <fnmatch.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "engine/images/names.h"

namespace hull::engine::images {
namespace {

Timestamp created_of(const Entry& entry) { return entry.image->config.created.value_or(Timestamp()); }

/// The filters, checked once.
struct Selection {
  std::optional<bool> dangling;
  std::vector<std::string> labels;
  std::vector<std::string> not_labels;
  std::vector<std::string> references;
  std::optional<Timestamp> before;
  std::optional<Timestamp> since;
  bool all = false;
  std::set<std::string> parents;  ///< ids that others were made from

  bool matches_reference(const Entry& entry) const {
    if (references.empty()) return true;
    for (const auto& record : entry.records) {
      const auto name = image::Reference::parse(record.name);
      if (is_dangling(record.name) || !name.ok()) continue;
      for (const auto& pattern : references)
        if (fnmatch(pattern.c_str(), name->familiar().c_str(), FNM_PATHNAME) == 0 ||
            fnmatch(pattern.c_str(), name->familiar_name().c_str(), FNM_PATHNAME) == 0)
          return true;
    }
    return false;
  }
  bool matches(const Entry& entry) const {
    const auto& image = *entry.image;
    const bool nameless = entry.tags().empty() && entry.digests().empty();
    if (dangling && *dangling != nameless) return false;
    if (!all && nameless && parents.contains(image.id.str())) return false;
    if (!has_labels(image.config.config.labels, labels)) return false;
    if (!not_labels.empty() && has_labels(image.config.config.labels, not_labels)) return false;
    if (before && created_of(entry) >= *before) return false;
    if (since && created_of(entry) <= *since) return false;
    return matches_reference(entry);
  }
};

Result<Selection> selection_of(const Call& call, const Store& store, const ListOptions& options) {
  Selection out{.all = options.all};
  for (const auto& [name, values] : options.filters) {
    if (values.empty()) continue;
    if (name == "dangling") {
      out.dangling = TRY(parse_flag(name, values));
    } else if (name == "label") {
      out.labels = values;
    } else if (name == "label!") {
      out.not_labels = values;
    } else if (name == "reference") {
      out.references = values;
    } else if (name == "until") {
      out.before = TRY(parse_moment(values.front()));
    } else if (name == "before") {
      out.before = TRY(store.resolve(call, values.front(), {}))->config.created.value_or(Timestamp());
    } else if (name == "since") {
      out.since = TRY(store.resolve(call, values.front(), {}))->config.created.value_or(Timestamp());
    } else {
      return invalid_argument("invalid filter '" + name + "'");
    }
  }
  return out;
}

api::ImageSummary summary_of(const Call& call, const Store& store, const Entry& entry) {
  const auto& image = *entry.image;
  api::ImageSummary out{.id = image.id.str(), .parent_id = image.parent};
  out.repo_tags = entry.tags();
  out.repo_digests = entry.digests();
  out.created = std::chrono::floor<std::chrono::seconds>(created_of(entry)).time_since_epoch().count();
  for (const int64_t size : store.layer_sizes(call, image)) out.size += size;
  if (!image.config.config.labels.empty()) out.labels = image.config.config.labels;
  if (!entry.records.empty()) out.descriptor = entry.records.front().target;
  return out;
}

/// How many images stand on each chain.
std::map<std::string, int> uses_of_chains(const std::vector<Entry>& entries) {
  std::map<std::string, int> out;
  for (const auto& entry : entries)
    for (const auto& chain : entry.image->chain) ++out[chain.str()];
  return out;
}

}  // namespace

bool has_labels(const std::map<std::string, std::string>& labels, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(wanted, [&](const std::string& want) {
    const auto parts = cut(want, "=");
    const auto found = labels.find(std::string(parts ? parts->before : want));
    return found != labels.end() && (!parts || found->second == parts->after);
  });
}

Result<Timestamp> parse_moment(const std::string& text) {
  if (const auto parts = cut(text, "."); const auto seconds = parse_integer<int64_t>(parts ? parts->before : text)) {
    constexpr int64_t kLatest = 9223372036;  // what nanoseconds can hold
    if (*seconds >= 0 && *seconds <= kLatest) return Timestamp(std::chrono::seconds(*seconds));
  }
  if (const auto time = parse_rfc3339(text); time.ok() && *time) return **time;
  // A duration may lead beyond what a moment can hold.
  if (const auto duration = parse_go_duration(text); duration.ok()) {
    int64_t nanoseconds = 0;
    if (!__builtin_sub_overflow(now().time_since_epoch().count(), duration->count(), &nanoseconds))
      return Timestamp(std::chrono::nanoseconds(nanoseconds));
  }
  return invalid_argument("failed to parse value as time or duration: \"" + text + "\"");
}

Result<bool> parse_flag(const std::string& filter, const std::vector<std::string>& values) {
  const auto is = [&](std::string_view a, std::string_view b) {
    return std::ranges::all_of(values, [&](const auto& v) { return to_lower(v) == a || v == b; });
  };
  if (is("true", "1")) return true;
  if (is("false", "0")) return false;
  return invalid_argument("invalid filter '" + filter + "=[" + join(values, " ") + "]'");
}

int64_t size_of_layers(const Call& call, const Store& store, const std::vector<Entry>& entries) {
  std::map<std::string, int64_t> sizes;
  for (const auto& entry : entries) {
    const auto layers = store.layer_sizes(call, *entry.image);
    for (size_t i = 0; i < layers.size(); ++i) sizes[entry.image->chain[i].str()] = layers[i];
  }
  int64_t total = 0;
  for (const auto& [chain, size] : sizes) total += size;
  return total;
}

Result<std::vector<api::ImageSummary>> list_images(const Call& call, const Store& store, const ListOptions& options) {
  auto selection = TRY(selection_of(call, store, options));
  auto entries = TRY(store.entries(call));
  for (const auto& entry : entries)
    if (!entry.image->parent.empty()) selection.parents.insert(entry.image->parent);
  std::ranges::stable_sort(entries, std::greater<>(), created_of);
  const auto uses = options.shared_size ? uses_of_chains(entries) : std::map<std::string, int>();
  std::vector<api::ImageSummary> out;
  for (const auto& entry : entries) {
    if (!selection.matches(entry)) continue;
    auto summary = summary_of(call, store, entry);
    if (options.shared_size) {
      summary.shared_size = 0;
      const auto sizes = store.layer_sizes(call, *entry.image);
      for (size_t i = 0; i < sizes.size(); ++i)
        if (uses.at(entry.image->chain[i].str()) > 1) summary.shared_size += sizes[i];
    }
    out.push_back(std::move(summary));
  }
  return out;
}

Result<std::vector<api::ImageHistoryItem>> image_history(const Call& call, const Store& store, const Entry& entry) {
  const auto& image = *entry.image;
  const auto sizes = store.layer_sizes(call, image);
  std::vector<api::ImageHistoryItem> out;
  size_t layer = 0;
  for (const auto& step : image.config.history) {
    api::ImageHistoryItem item{.id = "<missing>", .created_by = step.created_by, .comment = step.comment};
    item.created =
        std::chrono::floor<std::chrono::seconds>(step.created.value_or(Timestamp())).time_since_epoch().count();
    if (!step.empty_layer) {
      if (layer >= sizes.size()) return data_loss("too many non-empty layers in History section");
      item.size = sizes[layer++];
    }
    out.push_back(std::move(item));
  }
  // A configuration may leave out history; the layers are there all the same.
  for (; layer < sizes.size(); ++layer) out.push_back({.id = "<missing>", .size = sizes[layer]});
  std::ranges::reverse(out);
  if (!out.empty()) {
    out.front().id = image.id.str();
    if (auto tags = entry.tags(); !tags.empty()) out.front().tags = std::move(tags);
  }
  return out;
}

}  // namespace hull::engine::images
