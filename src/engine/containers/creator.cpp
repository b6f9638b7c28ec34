#include "engine/containers/creator.h"

#include <unistd.h>

#include <array>

#include "base/files.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/sys.h"
#include "engine/containers/copy_up.h"
#include "engine/containers/links.h"
#include "engine/containers/merge.h"
#include "engine/containers/names.h"
#include "engine/containers/oci/rootfs_view.h"
#include "engine/containers/sandbox_request.h"
#include "engine/containers/validate.h"

namespace hull::engine {
namespace {

constexpr size_t kIdDigits = 64;
constexpr size_t kShortId = 12;
constexpr std::chrono::seconds kUndoTime{30};

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

/// What docker fills in: as much swap as memory, and no number for no limit.
void complete(api::Resources& resources) {
  if (resources.memory > 0 && resources.memory_swap == 0)
    resources.memory_swap = resources.memory <= INT64_MAX / 2 ? 2 * resources.memory : -1;
  if (resources.pids_limit && *resources.pids_limit <= 0) resources.pids_limit.reset();
}

bool has_block_weight() {
  return exists("/sys/fs/cgroup/blkio/blkio.weight") || exists("/sys/fs/cgroup/cgroup.controllers");
}

/// Limits that the kernel can't set are left out, in docker's words.
void drop_unsupported(api::Resources& resources, std::vector<std::string>& warnings) {
  const bool wants_weight =
      resources.blkio_weight != 0 || (resources.blkio_weight_device && !resources.blkio_weight_device->empty());
  if (wants_weight && !has_block_weight()) {
    warnings.emplace_back(
        "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.");
    resources.blkio_weight = 0;
    resources.blkio_weight_device.reset();
  }
  if (resources.oom_kill_disable.value_or(false) && resources.memory == 0)
    warnings.emplace_back(
        "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running "
        "out of resources.");
}

}  // namespace

Result<api::CreatedContainer> Creator::create(const Call& call, api::CreateContainer request,
                                              const CreateOptions& options) {
  ContainerRecord record;
  record.config = std::move(request.config);
  record.host = std::move(request.host_config).value_or(api::HostConfig());
  if (request.networking_config) record.endpoints = std::move(request.networking_config->endpoints);
  api::CreatedContainer created;
  created.warnings = TRY(validate(record.config, record.host, registry_.settings()));
  drop_unsupported(record.host.resources, created.warnings);

  Rollback undo;
  TRY(reserve_name(record, options, undo));
  auto image = TRY(registry_.services().images.resolve(record.config.image, options.platform));
  record.image_id = std::move(image.id);
  record.image_chain = std::move(image.chain_id);
  merge_image_config(record.config, image.config.config);
  apply_defaults(record);
  TRY(validate(record.config, record.host, registry_.settings()));
  record.command = TRY(command_of(record.config));
  TRY(check_network(record));
  auto mounts = TRY(plan_mounts(record.config, record.host, TRY(inherited_mounts(record.host))));

  TRY(prepare_rootfs(call, record, undo));
  TRY(acquire_volumes(record, std::move(mounts), undo));
  TRY(keep(record, undo));
  undo.commit();
  created.id = record.id;
  registry_.announce(record, "create");
  return created;
}

Result<void> Creator::reserve_name(ContainerRecord& record, const CreateOptions& options, Rollback& undo) {
  record.id = random_hex(kIdDigits);
  record.created = now();
  ContainerIndex& index = registry_.index();
  if (!options.name.empty()) {
    record.name = TRY(parse_name(options.name));
    TRY(index.reserve(record.name, record.id));
  } else {
    Result<void> reserved;
    int attempt = 0;
    do record.name = random_name(attempt);
    while (!(reserved = index.reserve(record.name, record.id)).ok() && ++attempt < 100);
    TRY(std::move(reserved));
  }
  undo.add([&index, name = record.name, id = record.id]() -> Result<void> {
    index.release(name, id);
    return {};
  });
  return {};
}

void Creator::apply_defaults(ContainerRecord& record) const {
  const ContainerSettings& settings = registry_.settings();
  api::HostConfig& host = record.host;
  if (host.network_mode.empty() || host.network_mode == "default") host.network_mode = "bridge";
  // docker's client names the endpoint as the user named the mode.
  if (auto endpoint = record.endpoints.extract("default"); endpoint && host.network_mode == "bridge") {
    endpoint.key() = "bridge";
    record.endpoints.insert(std::move(endpoint));
  }
  if (is_network_name(host.network_mode)) record.endpoints.try_emplace(host.network_mode);
  // Where clients from before 1.44 put it.
  if (!record.config.mac_address.empty() && is_network_name(host.network_mode)) {
    auto& endpoint = record.endpoints[host.network_mode];
    if (endpoint.mac_address.empty()) endpoint.mac_address = record.config.mac_address;
  }
  if (record.config.hostname.empty() && !host.network_mode.starts_with("container:"))
    record.config.hostname =
        host.network_mode == "host" || host.uts_mode == "host" ? host_name() : record.id.substr(0, kShortId);
  if (host.log_config.type.empty()) host.log_config = settings.default_log;
  if (!host.log_config.config) host.log_config.config.emplace();
  if (host.shm_size == 0 && host.ipc_mode != "host" && host.ipc_mode != "none")
    host.shm_size = settings.default_shm_size;
  if (host.ipc_mode.empty()) host.ipc_mode = settings.default_ipc_mode;
  if (host.runtime.empty()) host.runtime = settings.default_runtime;
  if (host.cgroupns_mode.empty())
    host.cgroupns_mode = exists("/sys/fs/cgroup/cgroup.controllers") && !host.privileged ? "private" : "host";
  if (host.restart_policy.name.empty()) host.restart_policy.name = "no";
  complete(host.resources);
}

/// Whether the networks exist, and the container to be joined, is asked at start, as in docker: whose client takes "not
/// found" at create for a missing image, and would pull it.
Result<void> Creator::check_network(const ContainerRecord& record) const {
  for (const std::string& text : record.host.links.value_or(std::vector<std::string>())) {
    const Link link = TRY(parse_link(text));
    const auto other = registry_.index().find(link.container);
    if (!other.ok())
      return Error(other.error()).as(Code::kInvalidArgument).context("could not get container for " + link.container);
  }
  if (record.host.network_mode.starts_with("container:")) return {};
  auto sound = registry_.services().sandboxes.validate(sandbox_request(record, registry_.directory(record.id)));
  if (sound.is(Code::kNotFound)) return {};
  return sound;
}

Result<std::vector<MountPlan>> Creator::inherited_mounts(const api::HostConfig& host) const {
  std::vector<MountPlan> plans;
  for (const std::string& entry : host.volumes_from.value_or(std::vector<std::string>())) {
    const size_t colon = entry.find(':');
    const std::string mode = colon == std::string::npos ? "" : entry.substr(colon + 1);
    if (!mode.empty() && mode != "ro" && mode != "rw")
      return invalid_argument("invalid mode: \"" + mode + "\" in volumes-from " + entry);
    const auto source = registry_.index().find(entry.substr(0, colon));
    if (!source.ok()) return Error(source.error()).as(Code::kInvalidArgument);
    for (MountPlan plan : (*source)->record()->mounts) {
      if (plan.kind == MountKind::kTmpfs) continue;
      if (!mode.empty()) plan.read_only = mode == "ro";
      plan.copy_image_content = false;
      plans.push_back(std::move(plan));
    }
  }
  return plans;
}

Result<void> Creator::prepare_rootfs(const Call& call, ContainerRecord& record, Rollback& undo) {
  record.rootfs = TRY(registry_.services().rootfs.prepare(call, record.id, record.image_chain));
  undo.add([this, id = record.id] { return registry_.services().rootfs.remove(Call::within(kUndoTime), id); });
  return {};
}

Result<void> Creator::acquire_volumes(ContainerRecord& record, std::vector<WantedMount> wanted, Rollback& undo) {
  for (WantedMount& mount : wanted) {
    MountPlan& plan = mount.plan;
    if (plan.kind == MountKind::kVolume) {
      auto use = TRY(registry_.services().volumes.acquire(mount.volume, record.id));
      undo.add([this, name = use.name, id = record.id, made = use.created]() -> Result<void> {
        registry_.services().volumes.release(name, id);
        return made ? registry_.services().volumes.discard(name) : Result<void>();
      });
      plan.volume = use.name;
      plan.driver = use.driver;
      plan.source = use.source;
      if (use.empty && plan.copy_image_content) TRY(fill_volume(record, plan));
    }
    record.mounts.push_back(std::move(plan));
  }
  return {};
}

/// An empty volume begins with what the image has at its place.
Result<void> Creator::fill_volume(const ContainerRecord& record, const MountPlan& plan) const {
  const auto view = TRY(oci::RootfsView::open(record.rootfs));
  return copy_up(TRY(view.mount()), plan.destination, plan.source)
      .context("copy image content to volume " + plan.volume);
}

Result<void> Creator::keep(const ContainerRecord& record, Rollback& undo) {
  const std::string directory = registry_.directory(record.id);
  undo.add([directory] { return remove_tree(directory); });
  TRY(make_directories(directory, 0710));
  TRY(registry_.store().insert(record).context("save container"));
  registry_.index().add(std::make_shared<Container>(std::make_shared<const ContainerRecord>(record),
                                                    stdio::Hub::create(registry_.services().pump)));
  return {};
}

}  // namespace hull::engine
