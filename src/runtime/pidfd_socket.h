#pragma once

#include <string>

#include "base/result.h"
#include "linux/namespaces.h"

namespace hull::runtime {

/// Gives a pidfd of the process to who listens at the socket: unlike a number it names that process for good. Nothing
/// happens where no path is given.
Result<void> send_pidfd(const std::string& socket_path, const linux::Child& process);

}  // namespace hull::runtime
