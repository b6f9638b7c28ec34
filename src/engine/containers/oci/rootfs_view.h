#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/root_dir.h"
#include "engine/containerd/mount.h"
#include "engine/containers/oci/user.h"

namespace hull::engine::oci {

/// A container's root file system, looked at while nothing is mounted. Nothing in it is trusted.
class RootfsView {
 public:
  /// Errors: kInvalidArgument for mounts of a kind that is neither overlay nor bind.
  static Result<RootfsView> open(const std::vector<containerd::Mount>& mounts);

  /// A regular file two levels deep ("etc", "passwd"); nullopt where there is none. Looks into the layers themselves,
  /// top down, and mounts only where a link is in the way.
  /// Errors: kResourceExhausted for a file that is larger than any sound one.
  Result<std::optional<std::string>> read(const std::string& directory, const std::string& file) const;

  /// The merged tree, read-only, in a mount that no path leads to.
  Result<RootDir> mount() const;

 private:
  explicit RootfsView(std::vector<std::string> layers) : layers_(std::move(layers)) {}
  std::vector<std::string> layers_;  // upper first
};

/// A file's text; none where it is missing, or no regular file. Nothing else is ever opened: a device that the
/// container made in its place could act on the machine (a watchdog begins to run), for whoever opens it as root.
/// Errors: kResourceExhausted for one over 16 MiB.
Result<std::optional<std::string>> read_regular_file(const RootDir& root, const std::string& path);
Result<AccountFiles> read_accounts(const RootDir& root);

}  // namespace hull::engine::oci
