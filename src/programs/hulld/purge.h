#pragma once

#include "base/result.h"
#include "programs/hulld/config.h"

namespace hull::daemon {

/// `hulld purge`: removes an engine whose daemon does not run, with everything that belongs to it: containers, also
/// running ones, networks, firewall table, supervisor, mounts, and both folders with all images and volumes.
/// Killed at any moment, it goes on where it was when it is run again; a daemon refuses what it left half removed.
/// Where our own supervisor is missing or does not start, containers are ended without it.
/// Errors: kNotFound without the data root; kFailedPrecondition while a daemon holds it; what could not be removed is
/// named and stays.
Result<void> purge(const Config& config);

}  // namespace hull::daemon
