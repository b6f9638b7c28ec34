#include "engine/logs/options.h"

#include <regex.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace hull::engine::logs {
namespace {

// Docker takes these with each driver, for the copy that it keeps of logs that it can't read back; there is none here.
constexpr std::array<std::string_view, 4> kOfTheCache = {"cache-disabled", "cache-max-size", "cache-max-file",
                                                         "cache-compress"};
// What the local driver stores nothing of.
constexpr std::array<std::string_view, 5> kAttributes = {"labels", "env", "labels-regex", "env-regex", "tag"};
constexpr size_t kLongestPattern = 512;
constexpr size_t kShortId = 12;

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

/// A POSIX extended regular expression, which those that people write for labels have in common with Go's.
class Pattern {
 public:
  static Result<Pattern> compile(const std::string& text) {
    Pattern pattern;
    if (text.size() > kLongestPattern) return invalid_argument("regular expression is longer than 512 bytes");
    auto made = std::make_unique<regex_t>();
    if (::regcomp(made.get(), text.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
      return invalid_argument("error parsing regexp: '" + text + "'");
    pattern.compiled_ = {made.release(), release};
    return pattern;
  }
  bool fits(const std::string& name) const { return ::regexec(compiled_.get(), name.c_str(), 0, nullptr, 0) == 0; }

 private:
  static void release(regex_t* compiled) {
    ::regfree(compiled);
    delete compiled;
  }
  std::unique_ptr<regex_t, void (*)(regex_t*)> compiled_{nullptr, release};
};

/// Whether a name is one of the list, or fits the expression, which is sound.
bool is_kept(const std::string& name, const std::vector<std::string>& names, const std::optional<Pattern>& pattern) {
  return std::find(names.begin(), names.end(), name) != names.end() || (pattern && pattern->fits(name));
}

std::optional<Pattern> sound_pattern(const std::string& text) {
  if (text.empty()) return std::nullopt;
  auto compiled = Pattern::compile(text);
  return compiled.ok() ? std::optional(std::move(compiled).value()) : std::nullopt;
}

std::optional<std::string> field_of(std::string_view name, const Source& source) {
  const std::string image_id = source.image_id.substr(source.image_id.find(':') + 1);
  if (name == "ID") return source.id.substr(0, kShortId);
  if (name == "FullID") return source.id;
  if (name == "Name") return source.name;
  if (name == "FullName") return "/" + source.name;
  if (name == "ImageID") return image_id.substr(0, kShortId);
  if (name == "ImageFullID") return source.image_id;
  if (name == "ImageName") return source.image_name;
  if (name == "Command") return source.command;
  if (name == "DaemonName") return "docker";
  return std::nullopt;
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
  } else if (name == "labels-regex") {
    if (!value.empty()) TRY(Pattern::compile(value));
    options.labels_regex = value;
  } else if (name == "env-regex") {
    if (!value.empty()) TRY(Pattern::compile(value));
    options.env_regex = value;
  } else if (name == "tag") {
    TRY(format_tag(value, {}));
    options.tag = value;
  } else if (name == "mode") {
    options.non_blocking = value == "non-blocking";
    if (!options.non_blocking && value != "blocking" && !value.empty())
      return invalid_argument("logger: logging mode not supported: " + value);
  } else if (name == "max-buffer-size") {
    options.max_buffer = TRY(parse_size(value));
  } else if (std::find(kOfTheCache.begin(), kOfTheCache.end(), name) == kOfTheCache.end()) {
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
  if (config.type == "local") options.kind = Kind::kLocal;
  if (config.type != "json-file" && config.type != "local" && !config.type.empty())
    return invalid_argument("logger: no log driver named '" + config.type + "' is registered");
  for (const auto& [name, value] : given) {
    if (options.kind == Kind::kLocal && std::find(kAttributes.begin(), kAttributes.end(), name) != kAttributes.end())
      return invalid_argument("unknown log opt '" + name + "' for log-driver local");
    TRY(apply(options, name, value));
  }
  if (given.contains("max-buffer-size") && !options.non_blocking)
    return invalid_argument("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
  if (given.contains("max-file") && options.max_files > 1 && options.max_size.count == 0)
    return invalid_argument("max-file option requires max-size to be set");
  if (options.max_size.count == 0 || options.max_files == 1) options.compress = false;
  return options;
}

Result<std::string> format_tag(const std::string& tag, const Source& source) {
  std::string text;
  std::string_view left = tag;
  while (const auto open = cut(left, "{{")) {
    const auto close = cut(open->after, "}}");
    const std::string_view name = close ? trim(close->before) : open->after;
    const auto field = close && name.starts_with('.') ? field_of(name.substr(1), source) : std::nullopt;
    if (!field) return invalid_argument("log opt tag: unknown field \"" + std::string(name) + "\" in \"" + tag + "\"");
    text += std::string(open->before) + *field;
    left = close->after;
  }
  return text + std::string(left);
}

std::string attributes_of(const Options& options, const Source& source) {
  std::map<std::string, std::string> kept;
  const auto labels = sound_pattern(options.labels_regex);
  for (const auto& [name, value] : source.labels)
    if (is_kept(name, options.labels, labels)) kept[name] = value;
  const auto variables = sound_pattern(options.env_regex);
  for (const std::string& entry : source.env)
    if (const auto parts = cut(entry, "="); parts && is_kept(std::string(parts->before), options.env, variables))
      kept[std::string(parts->before)] = std::string(parts->after);
  if (!options.tag.empty()) kept["tag"] = format_tag(options.tag, source).value_or("");
  return kept.empty() ? std::string() : json::format(kept);
}

}  // namespace hull::engine::logs
