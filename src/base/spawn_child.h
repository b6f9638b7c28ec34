#pragma once

#include <sys/resource.h>

#include <utility>
#include <vector>

#include "base/fd.h"

namespace hull {

/// What the child of spawn() does before it is another program.
struct SpawnChild {
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  const char* directory = nullptr;  ///< null: ours
  const std::vector<std::pair<int, FdRef>>* descriptors = nullptr;
  const rlimit* descriptor_limit = nullptr;  ///< null: ours
  bool own_session = false;
  int error = 0;  ///< set where the program could not be started
};

/// Runs in the parent's memory, while the parent waits (clone(2), CLONE_VM with CLONE_VFORK).
int run_spawn_child(void* spawn_child);

}  // namespace hull
