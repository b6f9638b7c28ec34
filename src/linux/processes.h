#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hull::linux {

/// Processes, but for this one, that work in the directory and have `word` among the words of their command line.
/// Both together tell a container's helpers from whoever looks at its directory.
Result<std::vector<pid_t>> processes_in(const std::string& directory, std::string_view word);

/// Ends all of these by SIGKILL, also those that they make meanwhile, and waits until none is left.
/// Errors: kDeadlineExceeded: some did not end in time.
Result<void> kill_processes_in(const std::string& directory, std::string_view word, std::chrono::milliseconds timeout);

}  // namespace hull::linux
