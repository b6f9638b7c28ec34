#pragma once

#include <string>
#include <utility>

#include "runtime/checkpoint/messages.h"
#include "runtime/create.h"

/// Checkpoint and restore by CRIU. Its images lie in a directory of the caller's, with descriptors.json beside them:
/// what stood behind stdio, as keys by which restore hands the new stdio in ("pipe:[1]", "file[mount:inode]").
namespace hull::runtime {

/// What both commands tell criu.
struct CriuSettings {
  std::string image_path;  ///< exists
  std::string work_path;   ///< of logs; empty: the images' directory
  bool tcp_established = false;
  bool ext_unix_sk = false;
  bool shell_job = false;
  bool file_locks = false;
  bool auto_dedup = false;
  bool lazy_pages = false;
  CgroupsMode cgroups_mode = CgroupsMode::kDefault;
  uint32_t empty_ns = 0;  ///< CLONE_NEW*
};

struct CheckpointOptions {
  CriuSettings criu{};
  std::string parent_path;  ///< relative to the images' directory
  bool leave_running = false;
  bool tcp_skip_in_flight = false;
  bool link_remap = false;
  bool pre_dump = false;
  int status_fd = -1;
  std::optional<std::pair<std::string, int>> page_server{};
};
/// Dumps a running or paused container. Unless it is left running, its processes are gone then.
/// Errors: kFailedPrecondition in that state; what criu said, its log quoted as warnings.
Result<void> checkpoint_container(const ContainerDirectory& directory, const CheckpointOptions& options);

struct RestoreOptions {
  CreateOptions create{};
  CriuSettings criu{};
  std::string lsm_profile;
  std::string lsm_mount_context;
};
/// Makes the container of a bundle out of images. Its processes run on return. On failure nothing of it is left.
Result<CreatedContainer> restore_container(const Store& store, RestoreOptions& options);

inline constexpr std::string_view kDescriptorsFile = "descriptors.json";

/// Parts that dump and restore share.
Result<void> require_criu(int version, int least);
/// The annotation org.criu.config names a configuration file; empty: none; runc's is the default.
std::string criu_config_file(const std::map<std::string, std::string>& annotations);
/// Opens the directory of logs, making it where it is missing; invalid where it is that of the images.
Result<UniqueFd> open_work_directory(const CriuSettings& settings);
CriuOptions shared_options(const CriuSettings& settings, FdRef images, FdRef work);
/// Lines of criu's log around its errors go to ours.
void quote_criu_log(const CriuSettings& settings, const std::string& file);

}  // namespace hull::runtime
