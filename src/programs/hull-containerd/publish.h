#pragma once

#include <string>

#include "base/result.h"
#include "programs/hull-containerd/command_line.h"

namespace hull::supervisor {

/// `publish`: sends the event on standard input (a serialized google.protobuf.Any) to the daemon, as shims of old do.
Result<void> publish_event(const CommandLine& line);

}  // namespace hull::supervisor
