#include "runtime/rootless.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/files.h"
#include "base/text.h"
#include "runtime/mount_options.h"
#include "runtime/store.h"

namespace hull::runtime {
namespace {

const spec::Namespace* user_namespace(const spec::Linux& part) {
  for (const spec::Namespace& space : part.namespaces)
    if (space.type == spec::NamespaceType::kUser) return &space;
  return nullptr;
}

bool mapped(const std::vector<spec::IdMapping>& mappings, uint32_t id) {
  return std::any_of(mappings.begin(), mappings.end(), [&](const spec::IdMapping& range) {
    return id >= range.container_id && id - range.container_id < range.size;
  });
}

/// The kernel refuses an owner that has no id outside; its own message names none.
Result<void> check_owner(std::string_view option, const std::string& key,
                         const std::vector<spec::IdMapping>& mappings) {
  const auto parts = cut(option, "=");
  if (!parts || parts->before != key) return {};
  const auto id = parse_integer<uint32_t>(parts->after);
  if (!id || mapped(mappings, *id)) return {};
  return invalid_argument("cannot specify " + std::string(option) +
                          " mount option for rootless container: user namespaces enabled, but no mapping found for " +
                          key + " " + std::to_string(*id));
}

Result<void> check_mount(const spec::Mount& mount, const spec::Linux& part, bool mappings_known) {
  if (!mount.uid_mappings.empty() || parse_mount_options(mount.options).id_mapped != IdMapped::kNo)
    return unimplemented("invalid mount \"" + mount.destination +
                         "\": id-mapped mounts are not supported for rootless containers");
  if (!mappings_known) return {};
  for (const std::string& option : mount.options) {
    TRY(check_owner(option, "uid", part.uid_mappings));
    TRY(check_owner(option, "gid", part.gid_mappings));
  }
  return {};
}

/// Whether the user maps its own group alone: setgroups is denied then (user_namespaces(7)).
bool lacks_groups(const spec::Linux& part) {
  return part.gid_mappings.size() == 1 && part.gid_mappings[0].size == 1 && part.gid_mappings[0].host_id == ::getegid();
}

bool honors_runtime_directory() {
  if (::geteuid() != 0) return true;
  if (!in_user_namespace()) return false;
  // "sudo" inside a user namespace keeps the variable, and its root is to use root's place.
  const char* user = ::getenv("USER");
  return !user || std::string_view(user) != "root";
}

}  // namespace

bool in_user_namespace() {
  const auto map = read_file("/proc/self/uid_map", Bytes(4096));
  if (!map.ok()) return false;  // a kernel without them
  std::vector<std::string_view> fields;
  for (const std::string_view field : split(trim(*map), ' '))
    if (!field.empty()) fields.push_back(field);
  return fields != std::vector<std::string_view>{"0", "0", "4294967295"};
}

namespace {

/// A machine in a user namespace has a systemd of its own; seen from that of an ordinary user it is another's.
bool systemd_is_ours() {
  struct stat info {};
  return ::stat("/run/systemd/system", &info) == 0 && info.st_uid == 0;
}

}  // namespace

bool has_rootless_cgroups(RootlessFlag flag, bool systemd_cgroup) {
  if (flag != RootlessFlag::kAuto) return flag == RootlessFlag::kYes;
  if (::geteuid() != 0) return true;
  return in_user_namespace() && !(systemd_cgroup && systemd_is_ours());
}

std::string default_root() {
  const char* directory = ::getenv("XDG_RUNTIME_DIR");
  if (!directory || !*directory || !honors_runtime_directory()) return std::string(kDefaultRoot);
  return std::string(directory) + "/hull-runc";
}

Result<void> check_rootless(const spec::RuntimeSpec& spec) {
  if (::geteuid() == 0) return {};
  const spec::Linux& part = *spec.linux_part;
  const spec::Namespace* space = user_namespace(part);
  if (!space) return unimplemented("rootless container requires user namespaces");
  const bool is_new = space->path.empty();
  for (const spec::Mount& mount : spec.mounts) TRY(check_mount(mount, part, is_new));
  if (is_new && lacks_groups(part) && !spec.process->user.additional_gids.empty())
    return unimplemented("cannot set any additional groups in a rootless container");
  return {};
}

}  // namespace hull::runtime
