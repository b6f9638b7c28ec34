#pragma once

#include <string>

#include "base/result.h"
#include "shim/arguments.h"

/// Containers that share one shim (a pod): their annotations name the same group. The first one's `start` makes the
/// shim, on a socket that bears the group's name; the others' find it there.
///
///     start ── is it served? ── no ──► listen, fork the server
///                └──────────── yes ──► Join ──► the server waits for that container's Create, and prints nothing new
///     delete ──► Leave: the container has gone without the server's doing
namespace hull::shim {

/// The service by which `start` and `delete` speak to a group's server; each call has a container's id.
inline constexpr const char* kGroupService = "hull.shim.v1.Group";
inline constexpr const char* kJoin = "Join";
inline constexpr const char* kLeave = "Leave";

/// What the annotations of the bundle's config.json name: io.containerd.runc.v2.group, else
/// io.kubernetes.cri.sandbox-id. Empty: the container is alone.
/// Source: containerd-shim-runc-v2's groupLabels.
Result<std::string> group_of(const std::string& bundle);

/// The file name of the group's socket: another one for each supervisor and namespace.
std::string group_socket_name(const Arguments& arguments, const std::string& group);
bool is_group_socket(const std::string& socket);

/// Errors: kUnavailable: nobody serves there, or not for long; kDeadlineExceeded: it hangs.
Result<void> tell_group(const std::string& socket, const char* method, const std::string& id);

}  // namespace hull::shim
