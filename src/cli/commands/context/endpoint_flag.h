#pragma once

#include <map>
#include <optional>
#include <string>

#include "cli/cli.h"
#include "cli/flags/flags.h"

namespace hull::cli {

/// What --docker says: host, ca, cert, key, skip-tls-verify, from.
using EndpointFields = std::map<std::string, std::string>;
void define_endpoint(Flags& flags, std::optional<EndpointFields>& fields);

/// Gives the context the endpoint that the fields tell, and returns the TLS files that they name.
/// Errors: an unknown field, a malformed host, files that can't be read, an unknown context.
Result<TlsMaterial> apply_endpoint(Cli& cli, const EndpointFields& fields, Context& context);

}  // namespace hull::cli
