#include "engine/images/changes.h"

#include <algorithm>
#include <functional>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

namespace hull::engine::images {
namespace {

using Config = image::ContainerDefaults;
using Strings = std::vector<std::string>;

/// Words as a Dockerfile writes them: quotes group, a backslash takes the next letter as it is.
Result<Strings> words_of(std::string_view text) {
  Strings out;
  std::string word;
  char quote = 0;
  bool any = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    if (letter == '\\' && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
      any = true;
    } else if (quote != 0) {
      letter == quote ? quote = 0 : (word += letter, 0);
    } else if (letter == '"' || letter == '\'') {
      quote = letter;
      any = true;
    } else if (letter == ' ' || letter == '\t') {
      if (any) out.push_back(std::exchange(word, {}));
      any = false;
    } else {
      word += letter;
      any = true;
    }
  }
  if (quote != 0) return invalid_argument("unexpected end of statement while looking for matching quote");
  if (any) out.push_back(word);
  return out;
}

/// The JSON form, or nullopt for what is meant for a shell.
std::optional<Strings> json_form(std::string_view text) {
  if (!text.starts_with('[')) return std::nullopt;
  auto parsed = json::parse<Strings>(text);
  return parsed.ok() ? std::optional(std::move(*parsed)) : std::nullopt;
}

Strings command_form(const Config& config, std::string_view text) {
  if (auto list = json_form(text)) return *std::move(list);
  Strings shell = config.shell.empty() ? Strings{"/bin/sh", "-c"} : config.shell;
  shell.emplace_back(text);
  return shell;
}

/// "a=b c=d", or the old "a b".
Result<std::vector<std::pair<std::string, std::string>>> pairs_of(std::string_view name, std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  const Strings words = TRY(words_of(text));
  if (!words.empty() && words.front().find('=') == std::string::npos) {
    const auto parts = cut(text, " ");
    if (!parts) return invalid_argument(std::string(name) + " must have two arguments");
    return std::vector<std::pair<std::string, std::string>>{
        {std::string(parts->before), std::string(trim(parts->after))}};
  }
  for (const std::string& word : words) {
    const auto parts = cut(word, "=");
    if (!parts || parts->before.empty())
      return invalid_argument("Syntax error - can't find = in \"" + word + "\". Must be of the form: name=value");
    out.emplace_back(parts->before, parts->after);
  }
  return out;
}

Result<void> set_env(Config& config, std::string_view text) {
  for (const auto& [name, value] : TRY(pairs_of("ENV", text))) {
    const std::string line = name + "=" + value;
    const auto old =
        std::ranges::find_if(config.env, [start = name + "="](const auto& e) { return e.starts_with(start); });
    if (old != config.env.end())
      *old = line;
    else
      config.env.push_back(line);
  }
  return {};
}

Result<void> set_labels(Config& config, std::string_view text) {
  for (const auto& [name, value] : TRY(pairs_of("LABEL", text))) config.labels[name] = value;
  return {};
}

Result<void> expose(Config& config, std::string_view text) {
  for (const std::string& word : TRY(words_of(text))) {
    const auto parts = cut(word, "/");
    const std::string port(parts ? parts->before : std::string_view(word));
    const std::string protocol = parts ? to_lower(parts->after) : "tcp";
    const auto number = parse_integer<uint16_t>(port);
    if (!number || *number == 0 || (protocol != "tcp" && protocol != "udp" && protocol != "sctp"))
      return invalid_argument("Invalid containerPort: " + word);
    config.exposed_ports[port + "/" + protocol] = {};
  }
  return {};
}

Result<void> add_volumes(Config& config, std::string_view text) {
  const auto list = json_form(text);
  for (const std::string& path : list ? *list : TRY(words_of(text))) {
    if (path.empty()) return invalid_argument("VOLUME specified can not be an empty string");
    config.volumes[path] = {};
  }
  return {};
}

Result<void> set_working_dir(Config& config, std::string_view text) {
  const Strings words = TRY(words_of(text));
  if (words.size() != 1) return invalid_argument("WORKDIR requires exactly one argument");
  const bool absolute = words[0].starts_with('/');
  config.working_dir = absolute ? words[0] : (config.working_dir.empty() ? "" : config.working_dir) + "/" + words[0];
  return {};
}

Result<void> set_healthcheck(Config& config, std::string_view text) {
  image::HealthCheck check;
  while (text.starts_with("--")) {
    const auto end = std::min(text.find(' '), text.size());
    const auto option = cut(text.substr(2, end - 2), "=");
    if (!option) return invalid_argument("Unknown flag: " + std::string(text.substr(2, end - 2)));
    if (option->before == "retries") {
      const auto retries = parse_integer<int>(option->after);
      if (!retries || *retries < 1)
        return invalid_argument("--retries must be at least 1 (not " + std::string(option->after) + ")");
      check.retries = *retries;
    } else {
      const int64_t time = TRY(parse_go_duration(option->after)).count();
      if (option->before == "interval")
        check.interval = time;
      else if (option->before == "timeout")
        check.timeout = time;
      else if (option->before == "start-period")
        check.start_period = time;
      else if (option->before == "start-interval")
        check.start_interval = time;
      else
        return invalid_argument("Unknown flag: " + std::string(option->before));
    }
    text = trim(text.substr(end));
  }
  const auto parts = cut(text, " ");
  const std::string kind = to_lower(parts ? parts->before : text);
  if (kind == "none") {
    check.test = {"NONE"};
  } else if (kind == "cmd" && parts) {
    const std::string_view command = trim(parts->after);
    const auto list = json_form(command);
    check.test = list ? Strings{"CMD"} : Strings{"CMD-SHELL", std::string(command)};
    if (list) check.test.insert(check.test.end(), list->begin(), list->end());
  } else {
    return invalid_argument("Unknown type \"" + std::string(text) + "\" in HEALTHCHECK (try CMD)");
  }
  config.healthcheck = std::move(check);
  return {};
}

Result<void> apply_change(const std::string& change, Config& config) {
  const std::string_view line = trim(change);
  const auto end = line.find_first_of(" \t");
  const std::string name = to_lower(line.substr(0, end));
  const std::string_view text = end == std::string_view::npos ? "" : trim(line.substr(end));
  if (text.empty()) return invalid_argument("file with no instructions: \"" + change + "\"");
  if (name == "cmd") return config.cmd = command_form(config, text), Result<void>();
  if (name == "entrypoint") return config.entrypoint = command_form(config, text), Result<void>();
  if (name == "env") return set_env(config, text);
  if (name == "label") return set_labels(config, text);
  if (name == "expose") return expose(config, text);
  if (name == "volume") return add_volumes(config, text);
  if (name == "workdir") return set_working_dir(config, text);
  if (name == "user") return config.user = std::string(text), Result<void>();
  if (name == "stopsignal") return config.stop_signal = std::string(text), Result<void>();
  if (name == "onbuild") return config.on_build.emplace_back(text), Result<void>();
  if (name == "healthcheck") return set_healthcheck(config, text);
  if (name == "shell") {
    auto list = json_form(text);
    if (!list || list->empty()) return invalid_argument("SHELL requires the arguments to be in JSON form");
    return config.shell = *std::move(list), Result<void>();
  }
  return invalid_argument(name + " is not a valid change command");
}

}  // namespace

Result<void> apply_changes(const Strings& changes, Config& config) {
  for (const std::string& change : changes)
    if (!trim(change).empty()) TRY(apply_change(change, config));
  return {};
}

}  // namespace hull::engine::images
