#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "base/files.h"
#include "base/json.h"
#include "base/sys.h"
#include "linux/cgroup.h"
#include "runtime/checkpoint/checkpoint.h"
#include "runtime/checkpoint/criu.h"
#include "runtime/checkpoint/stdio.h"
#include "runtime/create_steps.h"
#include "runtime/mount_options.h"
#include "runtime/target.h"

namespace hull::runtime {
namespace {

constexpr const char* kLog = "dump.log";

/// A namespace that is not the container's own stays where it is; criu knows it by a key.
Result<void> name_external_namespaces(CriuOptions& options, const spec::Linux& part) {
  for (const spec::Namespace& space : part.namespaces) {
    if (space.path.empty()) continue;
    const bool network = space.type == spec::NamespaceType::kNetwork;
    if (!network && space.type != spec::NamespaceType::kPid) continue;
    const auto info = TRY(sys::stat(space.path));
    options.external.push_back(std::string(network ? "net[" : "pid[") + std::to_string(info.st_ino) +
                               (network ? "]:extRootNetNS" : "]:extRootPidNS"));
  }
  return {};
}

bool is_bind(const spec::Mount& mount) {
  return mount.type == "bind" || parse_mount_options(mount.options).bind != MountOptions::Bind::kNo;
}

/// Mounts that come from outside, by their places inside.
Result<void> name_external_mounts(CriuOptions& options, const spec::RuntimeSpec& spec, const Record& record) {
  const spec::Linux& part = *spec.linux_part;
  const auto add = [&](const std::string& place) { options.ext_mnt.push_back({place, place}); };
  for (const spec::Mount& mount : spec.mounts) {
    if (is_bind(mount)) add(clean_path(mount.destination));
    const bool bound_cgroups = mount.type == "cgroup" && !(record.details.namespaces & CLONE_NEWCGROUP);
    if (!bound_cgroups) continue;
    const auto layout = TRY(linux::CgroupLayout::detect());
    if (layout.mode == linux::CgroupMode::kV2) continue;
    for (const auto& hierarchy : layout.hierarchies)
      add(clean_path(mount.destination + "/" + split_path(hierarchy.mount_point).name));
  }
  const RootDir root(TRY(sys::open("/proc/" + std::to_string(record.init_pid) + "/root", O_PATH | O_DIRECTORY)));
  for (const std::string& path : part.masked_paths) {
    const auto masked = root.open(path, O_PATH);
    if (masked.is(Code::kNotFound)) continue;
    if (!S_ISDIR(TRY(sys::fstat(TRY(root.open(path, O_PATH)))).st_mode)) options.ext_mnt.push_back({path, "/dev/null"});
  }
  for (const spec::Device& device : part.devices) add(device.path);
  return {};
}

/// Whoever serves pages waits for a byte, by which it knows that criu listens.
Result<void> check_status_fd(int fd) {
  const std::string name = "invalid --status-fd argument " + std::to_string(fd) + ": ";
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags == -1) return invalid_argument(name + "bad file descriptor");
  if ((flags & O_ACCMODE) == O_RDONLY) return invalid_argument(name + "not writable");
  return {};
}

Result<CriuOptions> dump_options(const Record& record, const CheckpointOptions& options, FdRef images, FdRef work) {
  const spec::RuntimeSpec spec = TRY(load_spec(record.bundle()));
  CriuOptions told = shared_options(options.criu, images, work);
  told.log_file = kLog;
  told.root = record.config.rootfs;
  told.pid = record.init_pid;
  told.leave_running = options.leave_running;
  told.tcp_skip_in_flight = options.tcp_skip_in_flight;
  told.link_remap = options.link_remap;
  told.parent_img = options.parent_path;
  told.page_server = options.page_server;
  told.config_file = criu_config_file(record.details.annotations);
  TRY(name_external_namespaces(told, *spec.linux_part));
  told.freeze_cgroup = linux::Cgroup(record.cgroup_paths).directory("freezer").value_or("");
  if (options.pre_dump) return told;
  TRY(name_external_mounts(told, spec, record));
  for (const std::string& key : record.external_descriptors)
    if (is_host_file(key) && std::find(told.external.begin(), told.external.end(), key) == told.external.end())
      told.external.push_back(key);
  TRY(replace_file(options.criu.image_path + "/" + std::string(kDescriptorsFile),
                   json::format(record.external_descriptors), 0600, Durable::kNo));
  return told;
}

Result<void> dump(const CheckpointOptions& options, const CriuOptions& told) {
  const CriuType type = options.pre_dump ? CriuType::kPreDump : CriuType::kDump;
  Criu criu = TRY(Criu::start({}));
  const auto notified = [&](const CriuResponse& notice, UniqueFd) -> Result<void> {
    if (notice.script != "status-ready" || options.status_fd == -1) return {};
    TRY(sys::write_all(FdRef(options.status_fd), std::string_view("\0", 1)));
    ::close(options.status_fd);
    return {};
  };
  TRY(criu.call(encode_request(type, told), notified));
  // After a pre-dump criu waits for the next one, which will be another criu's.
  return criu.finish(options.pre_dump ? Criu::Ending::kAny : Criu::Ending::kMustSucceed);
}

}  // namespace

Result<void> checkpoint_container(const ContainerDirectory& directory, const CheckpointOptions& options) {
  const Record record = TRY(directory.read_record());
  const auto status = TRY(status_of(record, directory));
  if (status != spec::ContainerStatus::kRunning && status != spec::ContainerStatus::kPaused)
    return failed_precondition("Container cannot be checkpointed in " + std::string(json::name_of(status)) + " state");
  const int version = TRY(Criu::version());
  TRY(require_criu(version, 30000));
  if (options.pre_dump) TRY(Criu::require(CriuFeature::kMemoryTracking));
  if (options.criu.lazy_pages) TRY(Criu::require(CriuFeature::kLazyPages));
  const bool tells = options.criu.lazy_pages && options.status_fd != -1;
  if (tells) TRY(check_status_fd(options.status_fd));
  const UniqueFd images = TRY(sys::open(options.criu.image_path, O_RDONLY | O_DIRECTORY));
  const UniqueFd work = TRY(open_work_directory(options.criu));
  CriuOptions told = TRY(dump_options(record, options, images, work));
  constexpr int kNotifiesReady = 31500;
  if (tells && version < kNotifiesReady) told.status_fd = options.status_fd;
  auto dumped = dump(options, told);
  if (!dumped.ok()) quote_criu_log(options.criu, kLog);
  return dumped;
}

}  // namespace hull::runtime
