#include "programs/hull-containerd/command_line.h"

#include <CLI/CLI.hpp>

#include "base/files.h"

namespace hull::supervisor {
namespace {

constexpr const char* kDefaultFile = "/etc/hull/containerd.toml";

struct Given {
  std::optional<std::string> file;
  std::optional<std::string> root;
  std::optional<std::string> state;
  std::optional<std::string> address;
  std::optional<std::string> log_level;
};

void strip_scheme(std::string& address) {
  if (address.starts_with("unix://")) address.erase(0, 7);
}

Result<Config> merge(const Given& given) {
  Config config;
  // Only a file that nobody named may be missing.
  if (given.file || exists(kDefaultFile)) TRY(read_config_file(given.file.value_or(kDefaultFile), config));
  if (given.root) config.root = *given.root;
  if (given.state) config.state = *given.state;
  if (given.address) config.address = *given.address;
  if (given.log_level) config.log_level = *given.log_level;
  for (std::string* address : {&config.address, &config.ttrpc_address, &config.debug_address}) strip_scheme(*address);
  TRY(check_config(config));
  return config;
}

void define_globals(CLI::App& app, Given& given, bool& version) {
  app.add_option("-c,--config", given.file,
                 std::string("Path to the configuration file (default: \"") + kDefaultFile + "\")");
  app.add_option("-l,--log-level", given.log_level,
                 "Set the logging level [trace, debug, info, warn, error, fatal, panic]");
  app.add_option("-a,--address", given.address, "Address for containerd's GRPC server");
  app.add_option("--root", given.root, "containerd root directory");
  app.add_option("--state", given.state, "containerd state directory");
  app.add_flag("-v,--version", version, "Print the version");
}

}  // namespace

Result<CommandLine> parse_command_line(int argc, const char* const* argv) {
  using Wish = CommandLine::Wish;
  CommandLine line;
  Given given;
  bool version = false;
  CLI::App app("The supervisor of Hull: containerd's API over containers, images and snapshots.", "hull-containerd");
  try {
    define_globals(app, given, version);
    auto* config = app.add_subcommand("config", "Information on the containerd config");
    config->require_subcommand(1);
    const auto* defaults = config->add_subcommand("default", "See the output of the default config");
    const auto* dump =
        config->add_subcommand("dump", "See the output of the final main config with imported in subconfig files");
    const auto* migrate =
        config->add_subcommand("migrate", "Migrate the current configuration file to the latest version");
    auto* publish = app.add_subcommand("publish", "Binary to publish events to containerd");
    publish->add_option("--namespace", line.ns, "Namespace to publish to")->required();
    publish->add_option("--topic", line.topic, "Topic of the event")->required();
    app.parse(argc, argv);
    if (defaults->parsed()) line.wish = Wish::kConfigDefault;
    if (dump->parsed() || migrate->parsed()) line.wish = Wish::kConfigDump;
    if (publish->parsed()) line.wish = Wish::kPublish;
  } catch (const CLI::CallForHelp&) {
    line.wish = Wish::kHelp;
    line.help = app.help();
    return line;
  } catch (const CLI::Error& error) {
    return invalid_argument(error.what());
  }
  if (version) line.wish = Wish::kVersion;
  line.config = TRY(merge(given));
  return line;
}

}  // namespace hull::supervisor
