#include "api/client/engine_dialer.h"

#include "base/spawn.h"
#include "base/sys.h"

namespace hull::api {
namespace {

/// The program's standard input and output are the connection; it ends when that does.
http::Dialer dial_command(std::vector<std::string> argv) {
  return [argv = std::move(argv)](const Call&) -> Result<std::unique_ptr<http::Stream>> {
    auto pair = TRY(sys::socketpair(SOCK_STREAM));
    // In a session of its own: an interrupt of ours is to reach the container, not to break the connection.
    const SpawnOptions options{.directory = {},
                               .descriptors = {{STDIN_FILENO, pair.second}, {STDOUT_FILENO, pair.second}},
                               .environment = {},
                               .session = Session::kOwn};
    TRY(spawn(argv, options).context("start " + argv[0]));
    return http::make_socket_stream(std::move(pair.first));
  };
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

std::vector<std::string> ssh_command(const EngineHost& host) {
  std::vector<std::string> argv = {"ssh"};
  if (!host.user.empty()) argv.insert(argv.end(), {"-l", host.user});
  if (host.port != 0) argv.insert(argv.end(), {"-p", std::to_string(host.port)});
  const std::string engine = host.path.empty() ? "" : " --host " + quoted("unix://" + host.path);
  const std::string pass_on = engine + " system dial-stdio";
  // Whatever the user's shell there is, sh is there as well.
  const std::string script =
      "if command -v hull >/dev/null; then exec hull" + pass_on + "; else exec docker" + pass_on + "; fi";
  argv.insert(argv.end(), {"-o", "ConnectTimeout=30", "-T", "--", host.name, "sh -c " + quoted(script)});
  return argv;
}

Result<http::Dialer> engine_dialer(const EngineOptions& options, const EngineHost& host) {
  if (options.tls) return unimplemented("TLS to " + options.host + " is not supported");
  switch (host.kind) {
    case EngineHost::Kind::kUnix: return http::dial_unix(host.path);
    case EngineHost::Kind::kTcp: return http::dial_tcp(host.name, host.port);
    case EngineHost::Kind::kSsh: return dial_command(ssh_command(host));
  }
  return internal_error("docker host of no kind");
}

}  // namespace hull::api
