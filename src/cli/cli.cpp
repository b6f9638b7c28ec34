#include "cli/cli.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <cstdlib>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"
#include "cli/format/printable.h"

namespace hull::cli {

namespace {

constexpr size_t kFlushAt = 64 * 1024;
constexpr const char* kDefaultHost = "unix:///run/hull/hull.sock";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

/// The certificates of a context; nullopt where it is to be reached without TLS.
std::optional<api::TlsFiles> context_tls(const std::string& folder, const Context& context) {
  const auto file = [&](std::string_view name) {
    const std::string path = folder + "/" + std::string(kDockerEndpoint) + "/" + std::string(name);
    return exists(path) ? path : "";
  };
  api::TlsFiles files{.ca = file("ca.pem"), .cert = file("cert.pem"), .key = file("key.pem"), .verify = true};
  files.verify = !context.skips_verification();
  if (files.ca.empty() && files.cert.empty() && files.key.empty() && files.verify) return std::nullopt;
  return files;
}

}  // namespace

ConfigFile& Cli::config() {
  if (!config_) {
    auto loaded = ConfigFile::load(options_.config_directory);
    if (!loaded.ok()) {
      complain("WARNING: Error loading config file: " + loaded.error().message());
      loaded = ConfigFile::empty(options_.config_directory);
    }
    config_ = std::make_unique<ConfigFile>(std::move(loaded).value());
  }
  return *config_;
}

std::string Cli::overriding_variable() const {
  for (const char* name : {"HULL_HOST", "DOCKER_HOST"})
    if (!environment(name).empty()) return name;
  return "";
}

std::string Cli::host() const {
  std::string host = options_.host;
  if (const std::string variable = overriding_variable(); host.empty() && !variable.empty())
    host = environment(variable.c_str());
  if (host.empty()) return kDefaultHost;
  return host.find("://") == std::string::npos ? "tcp://" + host : host;
}

std::string Cli::context_name() {
  std::string name = options_.context;
  if (name.empty() && (!options_.host.empty() || !overriding_variable().empty())) return std::string(kDefaultContext);
  if (name.empty()) name = environment("DOCKER_CONTEXT");
  if (name.empty()) name = config().text("currentContext");
  return name.empty() ? std::string(kDefaultContext) : name;
}

Result<Context> Cli::context(const std::string& name) {
  if (name != kDefaultContext) return contexts().get(name);
  Context context{.name = name};
  context.set_endpoint(host(), false);
  return context;
}

Result<api::EngineOptions> Cli::engine_options() {
  if (!options_.host.empty() && !options_.context.empty())
    return invalid_argument("conflicting options: cannot specify both --host and --context");
  const std::string name = context_name();
  auto context = this->context(name);
  if (!context.ok())
    return std::move(context).error().context("Failed to initialize: unable to resolve docker endpoint");
  api::EngineOptions options;
  options.host = context->host().empty() ? kDefaultHost : context->host();
  if (!options.host.starts_with("tcp://")) return options;
  if (name != kDefaultContext) {
    options.tls = context_tls(contexts().tls_path(name), *context);
  } else if (!environment("DOCKER_TLS_VERIFY").empty()) {
    // Docker's switch for TLS: without it, what is meant to be encrypted must not go out in the clear.
    options.tls.emplace();
  }
  return options;
}

Result<Daemon*> Cli::daemon() {
  if (daemon_) return daemon_.get();
  api::EngineOptions options = TRY(engine_options());
  if (std::string version = environment("DOCKER_API_VERSION"); !version.empty()) options.api_version = version;
  options.headers = config().http_headers();
  daemon_ = std::make_unique<Daemon>(TRY(api::EngineClient::create(std::move(options))));
  return daemon_.get();
}

void Cli::print(std::string_view text) {
  pending_ += text;
  if (pending_.size() >= kFlushAt) static_cast<void>(flush().ok());  // the last one tells
}

void Cli::print_line(std::string_view text) {
  print(text);
  print("\n");
}

Result<void> Cli::flush() {
  const std::string text = std::exchange(pending_, {});
  if (!text.empty() && written_.ok()) written_ = sys::write_all(output(), text);
  return written_;
}

bool Cli::reader_is_gone() const {
  pollfd entry{output().get(), 0, 0};
  return ::poll(&entry, 1, 0) == 1 && (entry.revents & (POLLERR | POLLHUP)) != 0;
}

void Cli::complain(std::string_view line) {
  static_cast<void>(flush().ok());
  static_cast<void>(sys::write_all(FdRef(2), printable(line) + '\n').ok());  // nowhere else to tell
}

bool Cli::input_is_terminal() const { return isatty(0) == 1; }
bool Cli::output_is_terminal() const { return isatty(1) == 1; }

size_t Cli::columns() const {
  winsize size{};
  return ioctl(0, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

bool Cli::confirm(std::string_view question) {
  print(question);
  print(" [y/N] ");
  static_cast<void>(flush().ok());
  std::string answer;
  char c = 0;
  while (answer.size() < 256) {
    const auto count = sys::read(input(), std::span(&c, 1));
    if (!count.ok() || *count == 0 || c == '\n') break;
    answer += c;
  }
  return to_lower(trim(answer)) == "y";
}

}  // namespace hull::cli
