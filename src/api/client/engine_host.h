#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hull::api {

/// Where an engine listens: the parsed form of DOCKER_HOST and -H.
struct EngineHost {
  enum class Kind { kUnix, kTcp, kSsh };
  Kind kind = Kind::kUnix;
  std::string path;  ///< of the socket, for ssh on the other side; for TCP, what goes before each path
  std::string name;  ///< host name or address, without brackets
  uint16_t port = 0;
  std::string user{};  ///< for ssh; empty: ssh knows
};

enum class Tls { kNo, kYes };
/// Errors: kInvalidArgument, with docker's text: `unable to parse docker host "x"`; kUnimplemented for a kind that
/// hull cannot reach.
Result<EngineHost> parse_engine_host(std::string_view text, Tls tls);

/// Whether text is one of the forms of a host that docker knows. Errors: kInvalidArgument with its text.
Result<void> check_engine_host(std::string_view text);

}  // namespace hull::api
