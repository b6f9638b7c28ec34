#pragma once

#include <string>

#include "linux/namespaces.h"
#include "runtime/record.h"
#include "runtime/store.h"

namespace hull::runtime {

struct CreateOptions {
  std::string id;
  std::string bundle;          ///< absolute
  std::string console_socket;  ///< path; empty: none
  std::string pid_file;
  std::string pidfd_socket;  ///< path; gets a pidfd of the first process; empty: none
  bool pivot = true;
  bool new_keyring = true;
  bool start = false;            ///< at once: nothing waits for start_container()
  bool systemd_cgroup = false;   ///< cgroupsPath is "slice:prefix:name", and systemd makes the cgroup
  bool rootless_cgroup = false;  ///< see has_rootless_cgroups()
  unsigned preserved_fds = 0;
  /// A connected socket that gets the terminal, where no path was given (run in the foreground).
  UniqueFd console{};
};

/// A container whose first process waits for start, or runs.
struct CreatedContainer {
  ContainerDirectory directory;
  Record record;
  linux::Child init;
};

/// Makes the container that the document (load_spec()) describes. On failure nothing of it is left.
Result<CreatedContainer> create_container(const Store& store, CreateOptions& options, spec::RuntimeSpec& spec);

/// The bundle's config.json, validated.
Result<spec::RuntimeSpec> load_spec(const std::string& bundle);

/// Lets a created container run, then its poststart hooks; where one fails, the container is stopped and deleted
/// (runtime-spec, runtime.md, "Lifecycle", and as runc and crun do it). Errors: kFailedPrecondition, in runc's words.
Result<void> start_container(const ContainerDirectory& directory, const Record& record);

/// What follows on a start: the poststart hooks.
Result<void> run_poststart(const Record& record);

/// Kills what runs where kYes, removes cgroup and state and runs the poststop hooks.
/// Errors: kFailedPrecondition: it runs.
enum class Force { kNo, kYes };
Result<void> delete_container(const ContainerDirectory& directory, Force force);
/// For who stayed with the container until its process ended, without its lock: removes it, unless another command did
/// so before. Failures are logged.
void delete_ended(const ContainerDirectory& directory);

}  // namespace hull::runtime
