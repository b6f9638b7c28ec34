#include <termios.h>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"
#include "cli/commands/system/system.h"

namespace hull::cli {

namespace {

struct LoginOptions {
  std::string username;
  std::string password;
  bool password_from_input = false;
};
void define_login(Flags& flags, LoginOptions& options) {
  flags.text("p,password", options.password, "Password or access token");
  flags.boolean("password-stdin", options.password_from_input, "Read the password from standard input");
  flags.text("u,username", options.username, "User name");
}

Result<std::string> read_line(FdRef fd) {
  std::string line;
  char c = 0;
  while (TRY(sys::read(fd, std::span(&c, 1))) == 1 && c != '\n' && line.size() < 4096) line += c;
  return std::string(trim(line));
}

/// What is typed does not show.
class HiddenInput {
 public:
  HiddenInput() {
    if (tcgetattr(0, &before_) != 0) return;
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    active_ = tcsetattr(0, TCSANOW, &hidden) == 0;
  }
  HiddenInput(const HiddenInput&) = delete;
  HiddenInput& operator=(const HiddenInput&) = delete;
  ~HiddenInput() {
    if (active_) tcsetattr(0, TCSANOW, &before_);
  }

 private:
  termios before_{};
  bool active_ = false;
};

Result<void> ask(Cli& cli, RegistryAuth& auth) {
  if (!cli.input_is_terminal())
    return invalid_argument("Error: Cannot perform an interactive login from a non TTY device");
  if (auth.username.empty()) {
    cli.print("Username: ");
    TRY(cli.flush());
    auth.username = TRY(read_line(cli.input()));
    if (auth.username.empty()) return invalid_argument("Error: Non-null Username Required");
  }
  cli.print("Password: ");
  TRY(cli.flush());
  const HiddenInput hidden;
  auth.password = TRY(read_line(cli.input()));
  cli.print("\n");
  if (auth.password.empty()) return invalid_argument("Error: Password Required");
  return {};
}

Result<int> run_login(Cli& cli, const LoginOptions& options, const Invocation& invocation) {
  RegistryAuth auth{.username = options.username,
                    .password = options.password,
                    .identity_token = {},
                    .registry_token = {},
                    .server_address = auth_key(invocation.arguments.empty() ? "" : invocation.arguments[0])};
  if (!options.password.empty()) {
    if (options.password_from_input)
      return invalid_argument("conflicting options: cannot specify both --password and --password-stdin");
    cli.complain("WARNING! Using --password via the CLI is insecure. Use --password-stdin.");
  }
  if (options.password_from_input) {
    if (auth.username.empty()) return invalid_argument("the --password-stdin option requires --username to be set");
    auth.password = TRY(read_all(cli.input(), 1_MiB));
    while (auth.password.ends_with('\n') || auth.password.ends_with('\r')) auth.password.pop_back();
  }
  const RegistryAuth stored = cli.config().auth_for(auth.server_address);
  if (auth.password.empty() && auth.username.empty() && !stored.empty()) {
    cli.print_line("Authenticating with existing credentials...");
    auth = stored;
  } else if (auth.password.empty()) {
    TRY(ask(cli, auth));
  }
  const json::Value answer = TRY(TRY(cli.daemon())->post("/auth", {}, json::format(auth)));
  if (const std::string token = text_at(answer, "IdentityToken"); !token.empty()) {
    auth.identity_token = token;
    auth.password.clear();
  }
  if (cli.config().helper_for(auth.server_address).empty()) {
    cli.complain("\nWARNING! Your credentials are stored unencrypted in '" + cli.config().path() +
                 "'.\nConfigure a credential helper to remove this warning. See\n"
                 "https://docs.docker.com/go/credential-store/\n");
  }
  TRY(cli.config().store_auth(auth).context("Error saving credentials"));
  cli.print_line(text_at(answer, "Status"));
  return 0;
}

Result<int> run_logout(Cli& cli, const NoOptions&, const Invocation& invocation) {
  const std::string server = auth_key(invocation.arguments.empty() ? "" : invocation.arguments[0]);
  cli.print_line("Removing login credentials for " + server);
  const auto erased = cli.config().erase_auth(server);
  // Nothing stored is what was asked for.
  if (!erased.ok() && !erased.is(Code::kNotFound))
    return Error(erased.code(), "could not erase credentials: " + erased.error().message());
  return 0;
}

}  // namespace

constinit const Command kLogin = {.names = {"login"},
                                  .synopsis = "[OPTIONS] [SERVER]",
                                  .summary = "Sign in to a registry\nDocker Hub is meant where none is given.",
                                  .most = 1,
                                  .make = make_task<LoginOptions, define_login, run_login>,
                                  .common = true};
constinit const Command kLogout = {.names = {"logout"},
                                   .synopsis = "[SERVER]",
                                   .summary = "Sign out of a registry\nDocker Hub is meant where none is given.",
                                   .most = 1,
                                   .make = make_task<NoOptions, define_none, run_logout>,
                                   .common = true};

}  // namespace hull::cli
