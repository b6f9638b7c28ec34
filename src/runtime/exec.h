#pragma once

#include <string>

#include "linux/cgroup.h"
#include "linux/namespaces.h"
#include "runtime/store.h"
#include "spec/runtime/process.h"

namespace hull::runtime {

struct ExecOptions {
  linux::Cgroup::Below cgroup{};
  std::string console_socket;
  std::string pid_file;
  std::string pidfd_socket;
  bool ignore_paused = false;
  unsigned preserved_fds = 0;
  UniqueFd console{};  ///< as of CreateOptions
};

/// What may be exec'd into: running or created, and not paused unless that is ignored.
Result<Record> check_exec(const ContainerDirectory& directory, const ExecOptions& options);

/// Starts another process in the container; returns once execve has taken place, or with the error that it gave.
/// This process can only fork into the container's pid namespace from then on.
Result<linux::Child> start_exec(const ContainerDirectory& directory, const Record& record, const spec::Process& process,
                                ExecOptions& options);

}  // namespace hull::runtime
