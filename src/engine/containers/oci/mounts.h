#pragma once

#include <string>
#include <vector>

#include "api/container/host_config.h"
#include "base/result.h"
#include "engine/containers/mount_plan.h"
#include "spec/runtime/spec.h"

namespace hull::engine::oci {

struct MountInput {
  const api::HostConfig& host;
  const std::vector<MountPlan>& plans;
  std::string files_directory;
  std::string init_binary;  ///< empty: no init
  int64_t default_shm_size = 0;
  std::string shared_memory;  ///< a directory of the host to mount on /dev/shm; empty: one of its own
};

/// All mounts of a container, in the order in which they are to be made: the system's, then hosts, hostname and
/// resolv.conf, then what was asked for; one asked for takes the place of a default at the same path.
std::vector<spec::Mount> mounts_of(const MountInput& input);

/// Options of a tmpfs: nosuid, nodev and noexec unless told otherwise. Errors: kInvalidArgument names the option.
Result<std::vector<std::string>> tmpfs_options(std::string_view given);

}  // namespace hull::engine::oci
