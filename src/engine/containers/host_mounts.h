#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

/// Mounts on the host that belong to one run of a container, below a directory of its own: shared memory that others
/// may join, and parts of volumes, which are looked up once, so that nobody exchanges them afterwards.
namespace hull::engine {

/// A tmpfs for /dev/shm; gives its path. One that is there already, of this run, is taken. size: bytes.
Result<std::string> mount_shared_memory(const std::string& directory, int64_t size);

/// What lies at `subpath` in the volume, on a path of its own. Links in the volume lead nowhere but into it.
/// Errors: kNotFound, in docker's words; kInvalidArgument for one that climbs out.
Result<std::string> mount_subpath(const std::string& directory, const std::string& volume, const std::string& subpath);

/// All of them, with the directory; missing ones are no error.
Result<void> unmount_all(const std::string& directory);

}  // namespace hull::engine
