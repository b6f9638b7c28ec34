#include "programs/hulld/purge_by_force.h"

#include <signal.h>

#include "base/files.h"
#include "base/json.h"
#include "engine/events/event_bus.h"
#include "engine/networks/networks.h"
#include "linux/cgroup.h"
#include "linux/processes.h"
#include "programs/hulld/family_settings.h"

namespace hull::daemon {
namespace {

constexpr std::chrono::milliseconds kEndTime{10'000};

/// What is read of a bundle's config.json.
struct BundleLinux {
  std::string cgroups_path;
};
template <class V>
void describe(V& json, BundleLinux& linux) {
  json.field("cgroupsPath", linux.cgroups_path);
}
struct BundleConfig {
  BundleLinux linux;
};
template <class V>
void describe(V& json, BundleConfig& config) {
  json.field("linux", config.linux);
}

linux::Cgroup cgroup_at(const linux::CgroupLayout& layout, const std::string& cgroups_path) {
  std::map<std::string, std::string> paths;
  for (const auto& hierarchy : layout.hierarchies)
    for (const std::string& controller : hierarchy.controllers)
      if (std::string directory = linux::cgroup_directory(hierarchy, cgroups_path); exists(directory))
        paths.emplace(controller, std::move(directory));
  return linux::Cgroup(std::move(paths));
}

Result<void> end_container(const linux::CgroupLayout& layout, const std::string& bundle, const std::string& id) {
  const auto config = TRY(json::parse<BundleConfig>(TRY(read_file(bundle + "/config.json"))));
  if (config.linux.cgroups_path.empty()) return invalid_argument("linux.cgroupsPath is missing");
  const linux::Cgroup cgroup = cgroup_at(layout, config.linux.cgroups_path);
  if (!cgroup.paths().empty()) {
    // A process that is frozen in v1 does not take its signal.
    (void)cgroup.set_frozen(linux::Cgroup::Frozen::kNo, kEndTime).ok();
    TRY(cgroup.kill_all(SIGKILL));
  }
  TRY(linux::kill_processes_in(bundle, id, kEndTime));
  return cgroup.remove();
}

Result<void> end_networks(const Config& config) {
  engine::EventBus events;
  const auto networks = TRY(engine::Networks::open(TRY(network_options(config)), events));
  networks->sweep({});
  TRY(networks->prune({}));
  return networks->shut_down();
}

}  // namespace

/// Bundles are in <state>/io.containerd.runtime.v2.task/<namespace>/<id>, as containerd has them.
Result<void> end_containers_by_force(const Config& config) {
  const std::string bundles =
      config.exec_root + "/containerd/io.containerd.runtime.v2.task/" + config.containerd_namespace;
  if (!exists(bundles)) return {};
  const auto layout = TRY(linux::CgroupLayout::detect());
  Result<void> ended;
  for (const std::string& id : TRY(list_directory(bundles))) {
    auto one = end_container(layout, bundles + "/" + id, id);
    if (!one.ok() && ended.ok()) ended = std::move(one).context("end container " + id);
  }
  return ended;
}

Result<void> empty_by_force(const Config& config) {
  auto ended = end_containers_by_force(config);
  auto down = end_networks(config);
  return ended.ok() ? down : ended;
}

}  // namespace hull::daemon
