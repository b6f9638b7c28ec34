#include "programs/hull-containerd/config.h"

#include <algorithm>

#include "base/text.h"
#include "programs/hull-containerd/config_keys.h"
#include "programs/hull-containerd/toml.h"

namespace hull::supervisor {
namespace {

constexpr std::string_view kPlugins = "plugins.";

Error bad_value(const TomlValue& value) {
  return invalid_argument("line " + std::to_string(value.line) + ": " + value.key + ": unexpected value " + value.text);
}

/// What we are made of can't be taken out; what we don't have is disabled already.
Result<void> check_disabled(const TomlValue& value, const std::vector<std::string>& ids) {
  for (const std::string& id : ids)
    for (const std::string_view part : kOwnParts)
      if (part == id || part.starts_with(id + "."))
        return invalid_argument("line " + std::to_string(value.line) + ": disabled_plugins: " + id +
                                " can't be disabled");
  return {};
}

Result<void> check_required(const TomlValue& value, const std::vector<std::string>& ids) {
  for (const std::string& id : ids)
    if (std::find(std::begin(kOwnParts), std::end(kOwnParts), id) == std::end(kOwnParts))
      return invalid_argument("line " + std::to_string(value.line) + ": required plugin " + id + " not included");
  return {};
}

/// With one kind of quotes and without spaces, to compare lists by.
std::string plain(const TomlValue& value) {
  std::string text;
  for (const char c : value.text)
    if (value.is_string || c != ' ') text += c == '\'' ? '"' : c;
  return text;
}

bool is_nothing(const TomlValue& value) {
  return value.text.empty() || value.text == "[]" || value.text == "0" || value.text == "false" || value.text == "0s";
}

/// The plugin that a key is about, by its whole name; version 1 has bare names.
std::string plugin_of(const std::string& key) {
  std::string rest = key.substr(kPlugins.size());
  if (!rest.starts_with("io.containerd.")) return rest.substr(0, rest.find('.'));
  // io.containerd.<type>.v<n>.<id>, where a plugin's key may have dots of its own.
  for (const std::string_view part : kOwnParts)
    if (rest == part || rest.starts_with(std::string(part) + ".")) return std::string(part);
  size_t end = 0;
  for (int dots = 0; end < rest.size(); ++end)
    if (rest[end] == '.' && ++dots == 5) break;
  return rest.substr(0, end);
}

bool is_own(const std::string& plugin) {
  for (const std::string_view part : kOwnParts)
    if (part == plugin || part.ends_with("." + plugin)) return true;
  return false;
}

Result<void> apply_number(const TomlValue& value, int low, int high, int& out) {
  const auto number = parse_integer<int>(value.text);
  if (value.is_string || !number || *number < low || *number > high) return bad_value(value);
  out = *number;
  return {};
}

/// Whether the key is one of ours; it is taken over then.
Result<bool> apply_own(const TomlValue& value, Config& config) {
  for (const TextKey& key : kTextKeys) {
    if (key.name != value.key) continue;
    if (!value.is_string) return bad_value(value);
    if (!value.text.empty()) key.of(config) = value.text;
    return true;
  }
  for (const NumberKey& key : kNumberKeys) {
    if (key.name != value.key) continue;
    TRY(apply_number(value, key.low, key.high, key.of(config)));
    return true;
  }
  if (value.key == "metrics.grpc_histogram") {
    if (value.text != "true" && value.text != "false") return bad_value(value);
    config.grpc_histogram = value.text == "true";
    return true;
  }
  for (const ListKey& key : kListKeys) {
    if (key.name != value.key) continue;
    const auto entries = TRY(parse_toml_strings(value));
    if (value.key == "disabled_plugins") TRY(check_disabled(value, entries));
    if (value.key == "required_plugins") TRY(check_required(value, entries));
    auto& list = key.of(config);
    list.insert(list.end(), entries.begin(), entries.end());
    return true;
  }
  return false;
}

Result<void> check_version(const TomlValue& value) {
  const auto version = parse_integer<int>(value.text);
  if (value.is_string || !version || *version < 1) return bad_value(value);
  if (*version > 3)
    return invalid_argument("expected containerd config version equal to or less than `3`, got `" + value.text + "`");
  return {};
}

Result<void> apply(const TomlValue& value, Config& config) {
  if (value.key == "version") return check_version(value);
  if (TRY(apply_own(value, config))) return {};
  for (const auto& [key, fixed] : kFixedKeys)
    if (key == value.key) return plain(value) == fixed || is_nothing(value) ? Result<void>() : bad_value(value);
  if (is_nothing(value)) return {};
  // Only encrypted layers reach these two of containerd's own; such layers are refused by themselves.
  if (value.key.starts_with("stream_processors.io.containerd.ocicrypt.decoder.v1.")) return {};
  if (value.key.starts_with(kPlugins)) {
    const std::string plugin = plugin_of(value.key);
    if (!is_own(plugin)) {
      if (std::find(config.ignored.begin(), config.ignored.end(), plugin) == config.ignored.end())
        config.ignored.push_back(plugin);
      return {};
    }
  }
  return invalid_argument("line " + std::to_string(value.line) + ": " + value.key + " is not supported");
}

}  // namespace

Result<void> read_config(const std::string& text, Config& config) {
  for (const TomlValue& value : TRY(parse_toml(text))) TRY(apply(value, config));
  return {};
}

Result<void> check_config(const Config& config) {
  for (const auto& [name, path] : {std::pair("root", &config.root), std::pair("state", &config.state)})
    if (!path->starts_with('/')) return invalid_argument(std::string(name) + ": not an absolute path: " + *path);
  if (config.root == config.state) return invalid_argument("root and state must be different paths: " + config.root);
  // The shims' socket is this one's name with ".ttrpc", and unix(7) has room for 107 bytes.
  const std::pair<const char*, std::string> sockets[] = {
      {"address", config.address}, {"ttrpc.address", config.ttrpc_address}, {"debug.address", config.debug_address}};
  for (const auto& [name, path] : sockets) {
    if (path.empty() && path != config.address) continue;
    if (!path.starts_with('/')) return invalid_argument(std::string(name) + ": not a unix socket's path: " + path);
    if (path.size() > 100) return invalid_argument(std::string(name) + ": longer than 100 bytes: " + path);
  }
  const bool identified = !config.tls_cert.empty() && !config.tls_key.empty() && !config.tls_ca.empty();
  if (!config.tcp_address.empty() && !identified)
    return invalid_argument("grpc.tcp_address " + config.tcp_address +
                            ": whoever reaches it is root here: tcp_tls_ca, tcp_tls_cert and tcp_tls_key must be set");
  return {};
}

std::string format_config(const Config& config) {
  Config copy = config;
  std::string out = "version = 3\n";
  std::string table;
  const auto begin = [&](std::string_view name) {
    const size_t dot = name.find('.');
    const std::string next(dot == name.npos ? "" : name.substr(0, dot));
    if (next != table) out += "\n[" + next + "]\n";
    table = next;
    return (dot == name.npos ? "" : "  ") + std::string(name.substr(dot == name.npos ? 0 : dot + 1)) + " = ";
  };
  for (const std::string_view name : kPrinted) {
    for (const TextKey& key : kTextKeys)
      if (key.name == name) out += begin(name) + quote_toml(key.of(copy)) + "\n";
    for (const NumberKey& key : kNumberKeys)
      if (key.name == name) out += begin(name) + std::to_string(key.of(copy)) + "\n";
    for (const ListKey& key : kListKeys) {
      if (key.name != name) continue;
      std::vector<std::string> quoted;
      for (const std::string& entry : key.of(copy)) quoted.push_back(quote_toml(entry));
      out += begin(name) + "[" + join(quoted, ", ") + "]\n";
    }
    if (name == "metrics.grpc_histogram") out += begin(name) + (config.grpc_histogram ? "true\n" : "false\n");
  }
  return out;
}

}  // namespace hull::supervisor
