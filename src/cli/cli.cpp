#include "cli/cli.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <cstdlib>

#include "base/sys.h"
#include "base/text.h"

namespace hull::cli {

namespace {

constexpr size_t kFlushAt = 64 * 1024;
constexpr const char* kDefaultHost = "unix:///run/hull/hull.sock";

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
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

Result<std::string> Cli::host() const {
  if (!options_.host.empty() && !options_.context.empty())
    return invalid_argument("conflicting options: cannot specify both --host and --context");
  std::string host = options_.host;
  for (const char* name : {"HULL_HOST", "DOCKER_HOST"})
    if (host.empty()) host = environment(name);
  if (host.empty()) return kDefaultHost;
  return host.find("://") == std::string::npos ? "tcp://" + host : host;
}

Result<Daemon*> Cli::daemon() {
  if (daemon_) return daemon_.get();
  std::string context = options_.context;
  const bool host_given =
      !options_.host.empty() || !environment("HULL_HOST").empty() || !environment("DOCKER_HOST").empty();
  if (context.empty() && !host_given) context = environment("DOCKER_CONTEXT");
  if (context.empty() && !host_given) context = config().text("currentContext");
  if (!context.empty() && context != "default") {
    return not_found("Failed to initialize: unable to resolve docker endpoint: context \"" + context +
                     "\": context not found: hull knows the context \"default\" only");
  }
  api::EngineOptions options;
  options.host = TRY(host());
  // Docker's switch for TLS: without it, what is meant to be encrypted must not go out in the clear.
  if (!environment("DOCKER_TLS_VERIFY").empty() && !options.host.starts_with("unix://")) options.tls.emplace();
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
  static_cast<void>(sys::write_all(FdRef(2), std::string(line) + '\n').ok());  // nowhere else to tell
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
