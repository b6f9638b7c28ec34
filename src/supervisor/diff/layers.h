#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "supervisor/snapshots/mount.h"

namespace hull::supervisor {

/// What a list of mounts shows, told from its text: the directories, topmost first.
struct LayerStack {
  std::vector<std::string> directories;
  /// Whether the topmost one is written to through the mounts.
  bool writable = false;
};

/// nullopt where the mounts are not one bind mount or one overlay of directories that stand there as they are.
std::optional<LayerStack> stack_of(const std::vector<Mount>& mounts);

/// The mounts, made on a directory of our own while this lives.
class MountedView {
 public:
  /// Errors: kInvalidArgument: a mount of an unknown type or option; else what mount(2) says.
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
