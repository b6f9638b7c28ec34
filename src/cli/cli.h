#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "cli/config/config_file.h"
#include "cli/config/context_store.h"
#include "cli/daemon.h"

namespace hull::cli {

/// The flags before the command.
struct GlobalOptions {
  std::string config_directory;
  std::string context;
  std::string log_level = "info";
  std::string host;
  bool debug = false;
};

/// What commands work with: the terminal, the configuration, the daemon. Used by one thread.
class Cli {
 public:
  explicit Cli(GlobalOptions options) : options_(std::move(options)) {}

  const GlobalOptions& options() const { return options_; }
  /// Read at its first use. A file that can't be read is warned of, and counts as empty.
  ConfigFile& config();
  /// Connected at the first request. Errors: a malformed host or an unknown context.
  Result<Daemon*> daemon();

  ContextStore contexts() { return ContextStore(config().directory()); }
  /// The context in force, which may not exist: --context, DOCKER_CONTEXT, config.json's, else "default".
  std::string context_name();
  /// Also "default": what --host and DOCKER_HOST say, or the built-in address. Errors: kNotFound in docker's words.
  Result<Context> context(const std::string& name);
  /// The variable that takes precedence over the context in force; empty where there is none.
  std::string overriding_variable() const;

  /// Collects standard output; flush() or the program's end writes it. Errors of writing show at the last flush().
  void print(std::string_view text);
  void print_line(std::string_view text);
  Result<void> flush();
  /// Whether standard output is a pipe or socket that nobody reads any more.
  bool reader_is_gone() const;
  /// Standard error, at once; what was printed before comes first.
  void complain(std::string_view line);

  FdRef input() const { return FdRef(0); }
  FdRef output() const { return FdRef(1); }
  bool input_is_terminal() const;
  bool output_is_terminal() const;
  /// Of the terminal; 80 where there is none.
  size_t columns() const;
  /// Asks on the terminal; true for "y". Anything else, and the end of the input, is no.
  bool confirm(std::string_view question);

 private:
  std::string host() const;
  Result<api::EngineOptions> engine_options();

  GlobalOptions options_;
  std::unique_ptr<ConfigFile> config_;
  std::unique_ptr<Daemon> daemon_;
  std::string pending_;
  Result<void> written_;  ///< of what was printed so far
};

}  // namespace hull::cli
