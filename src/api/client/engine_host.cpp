#include "api/client/engine_host.h"

#include "base/text.h"

namespace hull::api {
namespace {

constexpr uint16_t kPort = 2375;
constexpr uint16_t kTlsPort = 2376;

Error malformed(std::string_view text) {
  return invalid_argument("unable to parse docker host \"" + std::string(text) + "\"");
}

/// name[:port][/path] into the host. Errors: kInvalidArgument.
Result<void> parse_place(std::string_view text, std::string_view rest, EngineHost& host) {
  if (const size_t slash = rest.find('/'); slash != rest.npos) {
    host.path = rest.substr(slash);
    if (host.path == "/") host.path.clear();
    rest = rest.substr(0, slash);
  }
  std::string_view port;
  if (rest.starts_with('[')) {
    const size_t end = rest.find(']');
    if (end == rest.npos) return malformed(text);
    host.name = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return malformed(text);
  } else {
    const size_t colon = rest.find(':');
    host.name = rest.substr(0, colon);
    if (colon != rest.npos) port = rest.substr(colon);
  }
  if (port.size() > 1) {
    const auto number = parse_integer<uint16_t>(port.substr(1));
    if (!number || *number == 0) return malformed(text);
    host.port = *number;
  }
  return {};
}

Result<EngineHost> parse_tcp(std::string_view text, std::string_view rest, Tls tls) {
  EngineHost host{.kind = EngineHost::Kind::kTcp, .path = {}, .name = {}, .port = tls == Tls::kYes ? kTlsPort : kPort};
  TRY(parse_place(text, rest, host));
  if (host.name.empty()) host.name = "127.0.0.1";
  return host;
}

Result<EngineHost> parse_ssh(std::string_view text, std::string_view rest) {
  EngineHost host{.kind = EngineHost::Kind::kSsh, .path = {}, .name = {}, .port = 0};
  if (const auto parts = cut(rest, "@")) {
    host.user = parts->before;
    rest = parts->after;
  }
  TRY(parse_place(text, rest, host));
  const std::string problem = "invalid ssh host \"" + std::string(text) + "\": ";
  if (host.user.find(':') != host.user.npos) return invalid_argument(problem + "plain-text password is not supported");
  if (host.name.empty()) return invalid_argument(problem + "no host specified");
  // What ssh would take for an option of its own, as in CVE-2017-1000117.
  if (host.name.starts_with('-') || host.user.starts_with('-')) return malformed(text);
  return host;
}

}  // namespace

Result<EngineHost> parse_engine_host(std::string_view text, Tls tls) {
  const auto parts = cut(text, "://");
  if (!parts || parts->after.empty()) return malformed(text);
  if (parts->before == "unix")
    return EngineHost{.kind = EngineHost::Kind::kUnix, .path = std::string(parts->after), .name = {}, .port = 0};
  if (parts->before == "tcp" || parts->before == "http") return parse_tcp(text, parts->after, tls);
  if (parts->before == "ssh") return parse_ssh(text, parts->after);
  return unimplemented("docker host \"" + std::string(text) + "\": " + std::string(parts->before) +
                       ":// is not supported; use unix://, tcp:// or ssh://");
}

Result<void> check_engine_host(std::string_view text) {
  if (text.find("://") != std::string_view::npos) return {};
  return invalid_argument("unable to parse docker host `" + std::string(text) + "`");
}

}  // namespace hull::api
