#pragma once

#include <string>
#include <vector>

#include "api/client/engine_client.h"
#include "api/client/engine_host.h"
#include "ipc/http/dial.h"

namespace hull::api {

/// How connections to the engine are made. Errors: a malformed host; kUnimplemented for TLS.
Result<http::Dialer> engine_dialer(const EngineOptions& options, const EngineHost& host);

/// What is started for each connection to an engine behind ssh: on the other side `system dial-stdio`, of hull or else
/// of docker, passes standard input and output on to the engine.
std::vector<std::string> ssh_command(const EngineHost& host);

}  // namespace hull::api
