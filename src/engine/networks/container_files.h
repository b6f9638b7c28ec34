#pragma once

#include <optional>
#include <string>

#include "engine/containers/seams.h"
#include "engine/networks/sandbox_record.h"
#include "network/files/resolv_conf.h"
#include "network/ipam/address.h"

/// hosts, hostname and resolv.conf of a container.
namespace hull::engine {

/// What decides them beside the request.
struct FilesContext {
  std::vector<std::string> addresses;  ///< the container's own
  std::optional<network::Address> host_gateway;
  enum class Network { kNone, kHost, kBridge, kNamed } network = Network::kBridge;  ///< kNamed: with a resolver
};

/// Checks dns, search, options and extra hosts. Errors: kInvalidArgument quotes what is wrong.
Result<void> validate_files(const SandboxRequest& request, std::optional<network::Address> host_gateway);

/// "web.example.org web": the names under which the container finds itself.
std::string own_names(const SandboxRequest& request);

network::ResolvOverrides overrides_of(const ResolvRecord& record);

/// Writes the three files into request.files_directory, which exists.
Result<void> write_files(const SandboxRequest& request, const FilesContext& context);

/// Changes the hosts file of a running container in place, since it is mounted there: another inode would not be seen.
Result<void> add_own_address(const std::string& files_directory, const std::string& address, const std::string& names);
Result<void> remove_own_address(const std::string& files_directory, const std::string& address,
                                const std::string& names);

/// Has the container ask its resolver from now on, unless somebody changed its resolv.conf.
Result<void> lead_to_resolver(const std::string& files_directory, const ResolvRecord& record);

}  // namespace hull::engine
