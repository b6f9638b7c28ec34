#include "cli/values/mounts.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "cli/flags/csv.h"
#include "cli/flags/flags.h"
#include "cli/format/units.h"

namespace hull::cli {

namespace {

Error invalid_value(std::string_view key, std::string_view value) {
  return invalid_argument("invalid value for " + std::string(key) + ": " + std::string(value));
}

Result<std::string> working_directory() {
  char buffer[4096];
  if (!getcwd(buffer, sizeof buffer)) return Error::from_errno(errno, "find working directory");
  return std::string(buffer);
}

/// The path from the root, without ".", ".." and doubled slashes.
Result<std::string> absolute(std::string_view path) {
  const std::string whole =
      path.starts_with('/') ? std::string(path) : TRY(working_directory()) + "/" + std::string(path);
  std::vector<std::string_view> parts;
  for (const std::string_view part : split(whole, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
      continue;
    }
    parts.push_back(part);
  }
  std::string out;
  for (const std::string_view part : parts) out.append("/").append(part);
  return out.empty() ? "/" : out;
}

/// What stands between the colons of a -v. A letter and a colon are a drive of Windows, for docker here as well.
std::vector<std::string> sections_of(std::string_view specification) {
  std::vector<std::string> sections(1);
  for (const char c : specification) {
    std::string& section = sections.back();
    const bool drive = section.size() == 1 && std::isalpha(static_cast<unsigned char>(section[0]));
    if (c != ':' || drive) {
      section += c;
    } else {
      sections.emplace_back();
    }
  }
  return sections;
}

/// The options of one type of mount, made where a key of theirs comes up.
template <class T>
T& made(std::optional<T>& options) {
  return options ? *options : options.emplace();
}

api::MountDriver& driver_of(api::Mount& mount) { return made(made(mount.volume_options).driver_config); }

void set_pair(api::StringMap& map, std::string_view text) {
  const auto parts = cut(text, "=");
  const std::string key(parts ? parts->before : text);
  if (!key.empty()) map[key] = parts ? parts->after : "";
}

Result<void> set_bind_recursive(api::Mount& mount, std::string_view value) {
  auto& options = made(mount.bind_options);
  if (value == "enabled") return {};
  if (value == "disabled") {
    options.non_recursive = true;
  } else if (value == "writable") {
    options.read_only_non_recursive = true;
  } else if (value == "readonly") {
    options.read_only_force_recursive = true;
  } else {
    return invalid_argument("invalid value for bind-recursive: " + std::string(value) +
                            " (must be \"enabled\", \"disabled\", \"writable\", or \"readonly\")");
  }
  return {};
}

Result<bool> bool_value(std::string_view key, std::string_view value) {
  const auto parsed = parse_bool(value);
  if (!parsed.ok()) return invalid_value(key, value);
  return *parsed;
}

Result<bool> set_volume_key(api::Mount& mount, std::string_view key, std::string_view value) {
  if (key == "volume-subpath") {
    made(mount.volume_options).subpath = value;
  } else if (key == "volume-nocopy") {
    made(mount.volume_options).no_copy = TRY(bool_value(key, value));
  } else if (key == "volume-label") {
    set_pair(made(mount.volume_options).labels, value);
  } else if (key == "volume-driver") {
    driver_of(mount).name = value;
  } else if (key == "volume-opt") {
    set_pair(driver_of(mount).options, value);
  } else {
    return false;
  }
  return true;
}

Result<bool> set_typed_key(api::Mount& mount, std::string_view key, std::string_view value) {
  if (key == "bind-propagation") {
    made(mount.bind_options).propagation = to_lower(value);
  } else if (key == "bind-nonrecursive") {
    made(mount.bind_options).non_recursive = TRY(bool_value(key, value));
  } else if (key == "bind-recursive") {
    TRY(set_bind_recursive(mount, value));
  } else if (key == "image-subpath") {
    made(mount.image_options).subpath = value;
  } else if (key == "tmpfs-size") {
    const auto size = parse_size(value);
    if (!size.ok()) return invalid_value(key, value);
    made(mount.tmpfs_options).size_bytes = *size;
  } else if (key == "tmpfs-mode") {
    const auto mode = parse_integer<uint32_t>(value, 8);
    if (!mode) return invalid_value(key, value);
    made(mount.tmpfs_options).mode = *mode;
  } else {
    return set_volume_key(mount, key, value);
  }
  return true;
}

Result<void> set_field(api::Mount& mount, std::string_view field) {
  const auto parts = cut(field, "=");
  const std::string key = to_lower(trim(parts ? parts->before : field));
  if (!parts) {
    if (key == "readonly" || key == "ro") {
      mount.read_only = true;
    } else if (key == "volume-nocopy") {
      made(mount.volume_options).no_copy = true;
    } else if (key == "bind-nonrecursive") {
      made(mount.bind_options).non_recursive = true;
    } else {
      return invalid_argument("invalid field '" + std::string(field) + "' must be a key=value pair");
    }
    return {};
  }
  const std::string_view value = parts->after;
  if (key == "type") {
    mount.type = to_lower(value);
  } else if (key == "source" || key == "src") {
    mount.source = value == "." || value.starts_with("./") ? TRY(absolute(value)) : std::string(value);
  } else if (key == "target" || key == "dst" || key == "destination") {
    mount.target = value;
  } else if (key == "readonly" || key == "ro") {
    mount.read_only = TRY(bool_value(key, value));
  } else if (key == "consistency") {
    mount.consistency = to_lower(value);
  } else if (!TRY(set_typed_key(mount, key, value))) {
    return invalid_argument("unexpected key '" + key + "' in '" + std::string(field) + "'");
  }
  return {};
}

Result<void> check_type(const api::Mount& mount) {
  const auto mixed = [&](std::string_view family) {
    return invalid_argument("cannot mix '" + std::string(family) + "-*' options with mount type '" + mount.type + "'");
  };
  if (mount.type.empty()) return invalid_argument("type is required");
  if (mount.target.empty()) return invalid_argument("target is required");
  if (mount.volume_options && mount.type != "volume") return mixed("volume");
  if (mount.bind_options && mount.type != "bind") return mixed("bind");
  if (mount.tmpfs_options && mount.type != "tmpfs") return mixed("tmpfs");
  if (mount.image_options && mount.type != "image") return mixed("image");
  if (mount.bind_options && mount.bind_options->read_only_force_recursive) {
    if (!mount.read_only)
      return invalid_argument("option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction");
    if (mount.bind_options->propagation != "rprivate")
      return invalid_argument(
          "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction");
  }
  return {};
}

}  // namespace

Result<api::Mount> parse_mount(std::string_view text) {
  api::Mount mount{.type = "volume"};
  for (const std::string& field : TRY(parse_csv(text))) TRY(set_field(mount, field));
  TRY(check_type(mount));
  return mount;
}

Result<bool> volume_has_source(std::string_view specification) {
  if (specification.empty()) return invalid_argument("invalid empty volume spec");
  if (specification.size() <= 2) return false;
  constexpr size_t kOptions = 2;  // after source and target
  const auto sections = sections_of(specification);
  const auto problem = [&](std::string_view why) {
    return invalid_argument("invalid spec: " + std::string(specification) + ": " + std::string(why));
  };
  for (size_t i = 0; i < sections.size(); ++i) {
    if (sections[i].empty()) return problem("empty section between colons");
    if (i == kOptions && i + 1 < sections.size()) return problem("too many colons");
  }
  return sections.size() > 1;
}

Result<std::string> absolute_bind(std::string_view specification) {
  const auto parts = cut(specification, ":");
  if (!parts || !parts->before.starts_with('.')) return std::string(specification);
  return TRY(absolute(parts->before)) + ":" + std::string(parts->after);
}

}  // namespace hull::cli
