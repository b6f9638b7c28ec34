#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "supervisor/snapshots/mount.h"

namespace hull::supervisor {

/// The mounts, made on a directory of our own while this lives.
class MountedView {
 public:
  /// Errors: kInvalidArgument: a mount with a target; else mount_words()'s.
  static Result<MountedView> create(const std::vector<Mount>& mounts, const std::string& scratch);
  /// Unmounts and removes what a daemon that was killed left there. While no view lives.
  static void clear(const std::string& scratch);
  MountedView(MountedView&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  MountedView& operator=(MountedView&&) = delete;
  ~MountedView();
  const std::string& path() const { return path_; }

 private:
  explicit MountedView(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace hull::supervisor
