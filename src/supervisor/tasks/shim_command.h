#pragma once

#include <optional>
#include <string>

#include "base/call.h"
#include "base/result.h"
#include "ipc/proto/shim/task.pb.h"
#include "supervisor/tasks/bundle.h"

namespace hull::supervisor {

/// How shims reach us.
struct ShimEnvironment {
  std::string grpc_address;   ///< our gRPC socket
  std::string ttrpc_address;  ///< the socket of ShimEndpoint
  bool debug = false;
};

/// Where a shim serves, and which version of the shim API it speaks: 2, or 3 as containerd 2's own do.
struct ShimAddress {
  std::string socket;
  int version = 2;
  bool operator==(const ShimAddress&) const = default;
};

/// Runs `<binary> … start`.
/// options: a serialized Any for its stdin; may be empty. Errors carry what the shim printed.
Result<ShimAddress> start_shim(const Call& call, const std::string& binary, const Bundle& bundle,
                               const ShimEnvironment& environment, const std::string& options);

/// Runs `<binary> … delete`, which cleans up after a shim that has died.
Result<containerd::task::v2::DeleteResponse> delete_after_shim(const Call& call, const std::string& binary,
                                                               const Bundle& bundle,
                                                               const ShimEnvironment& environment);

/// Runs `<binary> -info`: a serialized containerd.types.RuntimeInfo. options: a serialized Any for its stdin; may be
/// empty. Errors carry what the shim printed.
Result<std::string> shim_info(const Call& call, const std::string& binary, const std::string& options);

/// What a shim's start printed, or its bundle keeps: an address, or bootstrap parameters as JSON.
/// Errors: kInvalidArgument: no unix socket over ttrpc.
Result<ShimAddress> parse_shim_address(const std::string& text);
/// A shim that a task's options name (containerd.runc.v1.Options, task_api_address), instead of one to be started.
/// Errors: kInvalidArgument.
Result<std::optional<ShimAddress>> given_shim(const std::string& options_type, const std::string& options);
/// As bootstrap parameters.
std::string format_shim_address(const ShimAddress& address);

}  // namespace hull::supervisor
