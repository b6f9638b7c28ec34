#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace hull {

enum class Session { kOurs, kOwn };

struct SpawnOptions {
  std::string directory;                           ///< working directory; empty: ours
  std::vector<std::pair<int, FdRef>> descriptors;  ///< number in the child, our descriptor
  std::vector<std::string> environment;            ///< NAME=value; replaces ours of that name
  Session session = Session::kOurs;                ///< kOwn: no signal of our terminal reaches it
};

/// Raises our soft limit of open descriptors to the hard one. Programs that we start, and with them containers, keep
/// the one that we came with: many of them walk all numbers up to it. Before the first thread.
void raise_descriptor_limit();

/// Starts a program without a copy of our page tables; signals are back at their defaults in it.
/// argv[0] is looked up in PATH where it has no slash. Errors: kNotFound: no such program, in Go's words, which users
/// know.
Result<pid_t> spawn(const std::vector<std::string>& argv, const SpawnOptions& options);

}  // namespace hull
