#pragma once

#include <sys/types.h>

#include <string>

#include "base/fd.h"
#include "base/result.h"

/// Unix sockets by whose name several programs find one server, which may have died and left the name behind.
namespace hull::linux {

/// Holds off others who make or remove served sockets in the directory, until the descriptor is closed.
Result<UniqueFd> lock_sockets(const std::string& directory);

/// Whether a process listens on it.
Result<bool> is_served(const std::string& socket);

/// Removes the name of a server that is no more; a missing one, and one that is served, are no error.
Result<void> remove_unserved(const std::string& socket);

/// The process that listens on it (SO_PEERCRED). Errors: kNotFound, kUnavailable: nobody does.
Result<pid_t> server_of(const std::string& socket);

}  // namespace hull::linux
