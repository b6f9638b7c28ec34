#include "linux/cgroup_layout.h"

#include <optional>

#include "base/files.h"
#include "base/text.h"
#include "linux/mount_table.h"

namespace hull::linux {
namespace {

bool is_controller(std::string_view option) {
  for (const std::string_view name : {"cpu", "cpuacct", "cpuset", "memory", "devices", "pids", "freezer", "blkio",
                                      "hugetlb", "net_cls", "net_prio", "perf_event", "rdma", "misc"})
    if (option == name) return true;
  return option.substr(0, 5) == "name=";
}

std::optional<CgroupHierarchy> parse_mount(std::string_view line) {
  // Most mounts are none of cgroups: they are told by one look.
  if (line.find(" - cgroup") == std::string_view::npos) return std::nullopt;
  auto mount = parse_mount_line(line);
  if (!mount) return std::nullopt;
  CgroupHierarchy hierarchy;
  hierarchy.mount_root = std::move(mount->root);
  hierarchy.mount_point = std::move(mount->point);
  if (mount->type == "cgroup2") {
    hierarchy.controllers = {""};
    return hierarchy;
  }
  for (const std::string_view option : split(mount->options, ','))
    if (is_controller(option)) hierarchy.controllers.emplace_back(option);
  if (mount->type != "cgroup" || hierarchy.controllers.empty()) return std::nullopt;
  return hierarchy;
}

bool known(const CgroupLayout& layout, const CgroupHierarchy& hierarchy) {
  for (const CgroupHierarchy& other : layout.hierarchies)
    if (other.controllers == hierarchy.controllers) return true;
  return false;
}

/// The path without ".", ".." and doubled slashes; ".." at the top stays there.
std::string clean(std::string_view path) {
  std::vector<std::string> parts;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
      continue;
    }
    parts.emplace_back(part);
  }
  return join(parts, "/");
}

/// Where only a part of the hierarchy is mounted, our path is told from the hierarchy's own root.
std::string own_path(const CgroupHierarchy& hierarchy) {
  const std::string& root = hierarchy.mount_root;
  if (root != "/" && hierarchy.own_path.compare(0, root.size(), root) == 0)
    return hierarchy.own_path.substr(root.size());
  return hierarchy.own_path;
}

}  // namespace

std::map<std::string, std::string> parse_proc_cgroup(std::string_view text) {
  std::map<std::string, std::string> paths;
  for (const std::string_view line : split(text, '\n')) {
    const auto id = cut(line, ":");
    if (!id) continue;
    const auto rest = cut(id->after, ":");
    if (!rest) continue;
    for (const std::string_view controller : split(rest->before, ','))
      paths.emplace(std::string(controller), std::string(rest->after));
  }
  return paths;
}

Result<CgroupLayout> CgroupLayout::parse(std::string_view mountinfo, std::string_view own_cgroups) {
  CgroupLayout layout;
  const auto own = parse_proc_cgroup(own_cgroups);
  bool has_v1 = false;
  bool has_v2 = false;
  for (const std::string_view line : split(mountinfo, '\n')) {
    auto hierarchy = parse_mount(line);
    // A second mount of the same hierarchy, say one bound into another place, is of no use here.
    if (!hierarchy || known(layout, *hierarchy)) continue;
    const auto found = own.find(hierarchy->controllers.front());
    if (found != own.end()) hierarchy->own_path = found->second;
    (hierarchy->unified() ? has_v2 : has_v1) = true;
    layout.hierarchies.push_back(*std::move(hierarchy));
  }
  if (layout.hierarchies.empty()) return failed_precondition("no cgroup hierarchy is mounted");
  layout.mode = has_v1 ? (has_v2 ? CgroupMode::kHybrid : CgroupMode::kV1) : CgroupMode::kV2;
  return layout;
}

Result<CgroupLayout> CgroupLayout::detect() {
  return parse(TRY(read_file("/proc/self/mountinfo")), TRY(read_file("/proc/self/cgroup")));
}

std::string cgroup_directory(const CgroupHierarchy& hierarchy, std::string_view cgroups_path) {
  const bool absolute = cgroups_path.substr(0, 1) == "/";
  std::string inner = clean(cgroups_path);
  if (!absolute) inner = clean(own_path(hierarchy) + (hierarchy.unified() ? "/../" : "/") + inner);
  return hierarchy.mount_point + "/" + inner;
}

std::string own_cgroup_directory(const CgroupHierarchy& hierarchy) {
  return hierarchy.mount_point + "/" + clean(own_path(hierarchy));
}

}  // namespace hull::linux
