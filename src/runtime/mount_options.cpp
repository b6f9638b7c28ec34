#include "runtime/mount_options.h"

#include <sys/mount.h>

#include <algorithm>
#include <string_view>

#include "linux/mount_flags.h"

namespace hull::runtime {
namespace {

struct PropagationOption {
  std::string_view name;
  uint64_t propagation;
  linux::Recursive recursive;
};
constexpr PropagationOption kPropagations[] = {
    {"private", MS_PRIVATE, linux::Recursive::kNo},       {"rprivate", MS_PRIVATE, linux::Recursive::kYes},
    {"shared", MS_SHARED, linux::Recursive::kNo},         {"rshared", MS_SHARED, linux::Recursive::kYes},
    {"slave", MS_SLAVE, linux::Recursive::kNo},           {"rslave", MS_SLAVE, linux::Recursive::kYes},
    {"unbindable", MS_UNBINDABLE, linux::Recursive::kNo}, {"runbindable", MS_UNBINDABLE, linux::Recursive::kYes},
};

/// Flags of the file system rather than of the mount; "no…" forms that only restate the default need nothing done.
constexpr std::string_view kSuperblockFlags[] = {"sync", "dirsync", "mand", "lazytime"};
constexpr std::string_view kDefaults[] = {"defaults",   "async",  "nomand", "nolazytime", "iversion",
                                          "noiversion", "silent", "loud",   "acl",        "noacl"};

/// A plain option changes attributes of one mount; with an "r" before it, those of all mounts below as well.
bool apply_attribute(MountOptions& parsed, std::string_view option) {
  if (const auto* known = linux::find_mount_flag(option)) return linux::apply(parsed.attributes, *known), true;
  if (!option.starts_with('r')) return false;
  const auto* known = linux::find_mount_flag(option.substr(1));
  return known && (linux::apply(parsed.recursive_attributes, *known), true);
}

bool apply_other(MountOptions& parsed, std::string_view option) {
  if (option == "bind") {
    if (parsed.bind == MountOptions::Bind::kNo) parsed.bind = MountOptions::Bind::kYes;
  } else if (option == "rbind") {
    parsed.bind = MountOptions::Bind::kRecursive;
  } else if (option == "tmpcopyup") {
    parsed.copy_up = true;
  } else if (option == "idmap") {
    parsed.id_mapped = IdMapped::kYes;
  } else if (option == "ridmap") {
    parsed.id_mapped = IdMapped::kRecursive;
  } else {
    return false;
  }
  return true;
}

bool apply_named(MountOptions& parsed, std::string_view option) {
  for (const PropagationOption& known : kPropagations) {
    if (option != known.name) continue;
    parsed.propagation = known.propagation;
    parsed.propagation_recursive = known.recursive;
    return true;
  }
  const auto is = [&](std::string_view name) { return name == option; };
  if (std::any_of(std::begin(kDefaults), std::end(kDefaults), is)) return true;
  if (!std::any_of(std::begin(kSuperblockFlags), std::end(kSuperblockFlags), is)) return false;
  parsed.superblock_flags.emplace_back(option);
  return true;
}

}  // namespace

bool MountOptions::read_only() const { return attributes.set & MOUNT_ATTR_RDONLY; }

MountOptions parse_mount_options(const std::vector<std::string>& options) {
  MountOptions parsed;
  for (const std::string& option : options) {
    // "relatime" begins with an "r" too: names in full go first, as apply_attribute() does it.
    if (option.empty() || apply_other(parsed, option) || apply_named(parsed, option) || apply_attribute(parsed, option))
      continue;
    if (!parsed.data.empty()) parsed.data += ',';
    parsed.data += option;
  }
  return parsed;
}

std::vector<std::string> known_mount_options() {
  std::vector<std::string> names = {"bind", "rbind", "tmpcopyup", "idmap", "ridmap"};
  for (const auto& option : linux::mount_flags()) {
    names.emplace_back(option.name);
    names.push_back("r" + std::string(option.name));
  }
  for (const auto& option : kPropagations) names.emplace_back(option.name);
  for (const std::string_view option : kSuperblockFlags) names.emplace_back(option);
  for (const std::string_view option : kDefaults) names.emplace_back(option);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace hull::runtime
