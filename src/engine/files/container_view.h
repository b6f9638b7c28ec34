#pragma once

#include <memory>
#include <optional>

#include "base/root_dir.h"
#include "engine/containers/container.h"
#include "engine/containers/registry.h"

namespace hull::engine {

/// A container's file system, in mounts of its own that no path leads to and that go with the object.
class ContainerView {
 public:
  enum class Mounts {
    kNone,     ///< the container's layers alone
    kVolumes,  ///< with volumes, binds and network files; a directory that one of them is mounted on is made
  };
  /// Waits for a start that is going on. One that does not run keeps its turn until end_turn().
  /// Errors: kConflict while it is being removed.
  static Result<ContainerView> open(const Call& call, Registry& registry, Container& container, Mounts mounts);
  ContainerView(ContainerView&&) noexcept;
  ~ContainerView();

  const RootDir& root() const;
  /// Whether the directory lies on a mount that can't be written, and whose.
  enum class ReadOnly { kNo, kRoot, kMount };
  Result<ReadOnly> read_only(FdRef directory) const;
  /// From here on the container may start; for who only reads.
  void end_turn();

 private:
  struct Parts;
  explicit ContainerView(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace hull::engine
