#pragma once

#include <string>

#include "base/result.h"
#include "programs/hull-containerd/config.h"

namespace hull::supervisor {

struct CommandLine {
  enum class Wish { kRun, kVersion, kHelp, kConfigDefault, kConfigDump, kPublish };
  Wish wish = Wish::kRun;
  std::string help;
  Config config;
  std::string topic;  ///< of the event to publish
  std::string ns;
};

/// containerd's flags, over its configuration file's values. Errors: kInvalidArgument names the flag or the key.
Result<CommandLine> parse_command_line(int argc, const char* const* argv);

}  // namespace hull::supervisor
