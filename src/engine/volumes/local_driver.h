#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"

/// What docker's "local" volume driver mounts.
namespace hull::engine {

using DriverOptions = std::map<std::string, std::string>;

/// "type", "o" and "device" as mount(8) knows them; empty for a plain directory. Types: tmpfs, none (with o=bind or
/// o=rbind), nfs and nfs4 (with o=addr=<address>). Errors: kInvalidArgument in docker's words; kUnimplemented for other
/// types.
Result<void> validate_local_options(const DriverOptions& options);

/// Mounts and unmounts what volumes ask for; either may take as long as a server that does not answer.
class VolumeMounter {
 public:
  virtual ~VolumeMounter() = default;
  virtual Result<void> mount(const DriverOptions& options, const std::string& directory) = 0;
  virtual Result<void> unmount(const std::string& directory) = 0;
};
/// By the functions below.
VolumeMounter& local_mounter();

/// Mounts on the directory, unless something is mounted there already (by an engine before this one).
Result<void> mount_local(const DriverOptions& options, const std::string& directory);
/// At once: what still uses the mount, or a server that does not answer, keeps it until it is done. A directory without
/// a mount is no error.
Result<void> unmount_local(const std::string& directory);
bool is_mounted(const std::string& directory);

}  // namespace hull::engine
