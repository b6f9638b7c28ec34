#include "engine/logs/options.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace hull::engine::logs {
namespace {

// What docker's driver takes besides.
constexpr std::array<std::string_view, 7> kNotBuilt = {
    "tag", "labels-regex", "env-regex", "cache-disabled", "cache-max-size", "cache-max-file", "cache-compress"};

Error bad_option(std::string_view name, std::string_view value, std::string_view problem) {
  return invalid_argument("invalid log opt " + std::string(name) + " '" + std::string(value) +
                          "': " + std::string(problem));
}

Result<bool> parse_bool(std::string_view name, std::string_view value) {
  for (const auto* word : {"1", "t", "T", "true", "TRUE", "True"})
    if (value == word) return true;
  for (const auto* word : {"0", "f", "F", "false", "FALSE", "False"})
    if (value == word) return false;
  return bad_option(name, value, "expected true or false");
}

std::vector<std::string> names_in(std::string_view list) {
  std::vector<std::string> names;
  for (const auto name : split(list, ','))
    if (!trim(name).empty()) names.emplace_back(trim(name));
  return names;
}

Result<void> apply(Options& options, const std::string& name, const std::string& value) {
  if (name == "max-size") {
    options.max_size = TRY(parse_size(value));
  } else if (name == "max-file") {
    const auto count = parse_integer<int>(value);
    if (!count || *count < 1) return bad_option(name, value, "max-file cannot be less than 1");
    options.max_files = *count;
  } else if (name == "compress") {
    options.compress = TRY(parse_bool(name, value));
  } else if (name == "labels") {
    options.labels = names_in(value);
  } else if (name == "env") {
    options.env = names_in(value);
  } else if (name == "mode") {
    if (value == "non-blocking")
      return unimplemented("log opt 'mode': only blocking delivery is supported, got " + value);
    if (value != "blocking") return invalid_argument("logger: logging mode not supported: " + value);
  } else if (name == "max-buffer-size") {
    return invalid_argument("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
  } else if (std::find(kNotBuilt.begin(), kNotBuilt.end(), name) != kNotBuilt.end()) {
    return unimplemented("log opt '" + name + "' is not supported by this engine's json-file log driver");
  } else {
    return invalid_argument("unknown log opt '" + name + "' for json-file log driver");
  }
  return {};
}

}  // namespace

Result<Bytes> parse_size(std::string_view text) {
  if (text == "-1") return Bytes(0);
  std::string lower = to_lower(trim(text));
  if (lower.ends_with("ib")) lower.resize(lower.size() - 2);
  if (lower.ends_with('b')) lower.pop_back();
  int64_t unit = 1;
  constexpr std::string_view kUnits = "kmgt";
  if (const size_t at = lower.empty() ? std::string::npos : kUnits.find(lower.back()); at != std::string::npos) {
    unit = int64_t{1} << (10 * (at + 1));
    lower.pop_back();
  }
  // A fraction is fine, as in docker: "1.5m".
  double count = -1;
  const auto [end, failed] =
      std::from_chars(lower.data(), lower.data() + lower.size(), count, std::chars_format::fixed);
  constexpr double kMost = 4e18;
  if (failed != std::errc() || end != lower.data() + lower.size() ||
      !(count >= 0 && count * static_cast<double>(unit) < kMost))
    return invalid_argument("invalid size: '" + std::string(text) + "'");
  return Bytes(static_cast<int64_t>(count * static_cast<double>(unit)));
}

Result<Options> parse_options(const api::LogConfig& config) {
  Options options;
  const auto given = config.config.value_or(api::StringMap());
  if (config.type == "none") {
    options.kind = Kind::kNone;
    return options;
  }
  if (config.type != "json-file" && !config.type.empty())
    return invalid_argument("logger: no log driver named '" + config.type + "' is registered");
  for (const auto& [name, value] : given) TRY(apply(options, name, value));
  if (given.contains("max-file") && options.max_files > 1 && options.max_size.count == 0)
    return invalid_argument("max-file option requires max-size to be set");
  if (options.max_size.count == 0 || options.max_files == 1) options.compress = false;
  return options;
}

std::string attributes_of(const Options& options, const std::map<std::string, std::string>& labels,
                          const std::vector<std::string>& env) {
  std::map<std::string, std::string> kept;
  for (const std::string& name : options.labels)
    if (const auto label = labels.find(name); label != labels.end()) kept[name] = label->second;
  for (const std::string& entry : env) {
    const auto parts = cut(entry, "=");
    if (parts && std::find(options.env.begin(), options.env.end(), parts->before) != options.env.end())
      kept[std::string(parts->before)] = std::string(parts->after);
  }
  return kept.empty() ? std::string() : json::format(kept);
}

}  // namespace hull::engine::logs
