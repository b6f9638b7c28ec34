#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/flags.h"
#include "runtime/store.h"

namespace hull::runtime {

/// What every command is given.
struct Context {
  Store store;
  bool systemd_cgroup = false;
  bool rootless_cgroup = false;  ///< see has_rootless_cgroups()
};

/// One command of hull-runc, defined in the file of its name.
struct Command {
  std::string_view name;
  std::string_view arguments;  ///< "<container-id> [signal]"
  std::string_view help;
  std::span<const Flag> flags;
  size_t least_arguments = 1;
  size_t most_arguments = 1;
  bool stop_at_argument = false;      ///< see parse_flags()
  bool seen_from_containers = false;  ///< must run from a sealed image, see seal.h
  int failure_code = 1;
  std::string_view failure_prefix;  ///< before the message of an error
  /// Returns the exit code.
  Result<int> (*run)(Context& context, const Flags& flags);
};

extern const Command kCheckpointCommand;
extern const Command kCreateCommand;
extern const Command kDeleteCommand;
extern const Command kEventsCommand;
extern const Command kExecCommand;
extern const Command kFeaturesCommand;
extern const Command kKillCommand;
extern const Command kListCommand;
extern const Command kPauseCommand;
extern const Command kPsCommand;
extern const Command kResumeCommand;
extern const Command kRestoreCommand;
extern const Command kRunCommand;
extern const Command kSpecCommand;
extern const Command kStartCommand;
extern const Command kStateCommand;
extern const Command kUpdateCommand;

/// The whole program after main(): global flags, then a command. Returns the exit code.
int run_program(int argc, char** argv);

/// Prints to stdout; an error only where nobody reads it.
Result<void> print(std::string_view text);

}  // namespace hull::runtime
