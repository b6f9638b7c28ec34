#pragma once

#include <map>
#include <string>
#include <vector>

#include "api/container/config.h"
#include "api/container/host_config.h"
#include "base/result.h"
#include "engine/containers/mount_plan.h"
#include "engine/containers/oci/user.h"
#include "engine/containers/settings.h"
#include "spec/runtime/spec.h"

namespace hull::engine::oci {

/// What the spec of one start is made of.
struct SpecInput {
  const std::string& id;
  const api::Config& config;
  const api::HostConfig& host;
  const std::vector<std::string>& command;
  const std::vector<MountPlan>& mounts;
  const ContainerSettings& settings;
  ResolvedUser user;
  /// Namespaces to join; one that is missing is made anew.
  std::map<spec::NamespaceType, std::string> join;
  /// A directory of the host for /dev/shm, which other containers share; empty: it has its own.
  std::string shared_memory{};
  /// hosts, hostname and resolv.conf lie here; those that don't exist are not mounted.
  std::string files_directory;
};

/// Where a container's cgroup lies, counted from each hierarchy's root.
std::string cgroups_path(const std::string& id, const api::HostConfig& host, const ContainerSettings& settings);

/// The OCI spec, with Docker's defaults. Errors: kInvalidArgument names the option.
Result<spec::RuntimeSpec> build_spec(const SpecInput& input);

/// The process of an exec in such a container. env: added to the container's.
struct ExecInput {
  const api::Config& config;
  const api::HostConfig& host;
  const ContainerSettings& settings;
  ResolvedUser user;
  std::vector<std::string> command;
  std::vector<std::string> env;
  std::string working_dir;
  bool terminal = false;
  bool privileged = false;
  api::ConsoleSize console_size;
};
Result<spec::Process> build_exec_process(const ExecInput& input);

}  // namespace hull::engine::oci
