#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/call.h"
#include "base/result.h"
#include "engine/containerd/mount.h"
#include "engine/containerd/snapshots.h"

namespace hull::engine {

/// The writable layers of containers, by container id.
class RootfsStore {
 public:
  virtual ~RootfsStore() = default;
  /// Over the image's committed snapshot; an empty chain makes an empty directory.
  virtual Result<std::vector<containerd::Mount>> prepare(const Call& call, const std::string& id,
                                                         const std::string& chain) = 0;
  /// The containers whose layers this engine made, and has not removed.
  virtual Result<std::vector<std::string>> list(const Call& call) = 0;
  /// A missing one is no error.
  virtual Result<void> remove(const Call& call, const std::string& id) = 0;
  /// Bytes of the container's own layer. Errors: kNotFound.
  virtual Result<int64_t> size(const Call& call, const std::string& id) = 0;
  /// Bytes of the image's layers together.
  virtual Result<int64_t> image_size(const Call& call, const std::string& chain) = 0;
};

/// engine: the id of this engine; another's layers, in the same namespace of a shared supervisor, are not listed.
std::unique_ptr<RootfsStore> snapshot_rootfs(containerd::Snapshots snapshots, std::string engine);

}  // namespace hull::engine
