#pragma once

#include <string>

#include "base/result.h"
#include "ipc/proto/shim/task.pb.h"
#include "shim/container.h"

namespace hull::shim {

/// Reads Task.Create's options (containerd.runc.v1.Options; absent: the defaults).
/// Errors: kInvalidArgument: another type, or malformed.
Result<ContainerSettings> parse_options(const containerd::task::v2::CreateTaskRequest& request,
                                        const std::string& container_namespace);

/// Reads Task.Checkpoint's path and options (containerd.runc.v1.CheckpointOptions; absent: the defaults).
/// Errors: kInvalidArgument: no absolute path, another type, or malformed.
Result<CheckpointSettings> parse_checkpoint_options(const containerd::task::v2::CheckpointTaskRequest& request);

/// Leaves in the bundle what the `delete` action needs should we die, and reads it there.
Result<void> save_runtime(const std::string& bundle, const RuntimeSettings& settings);
Result<RuntimeSettings> load_runtime(const std::string& bundle);

}  // namespace hull::shim
