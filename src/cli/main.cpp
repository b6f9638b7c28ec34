#include "cli/main.h"

#include <signal.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/version.h"

namespace hull::cli {

namespace {

constexpr int kUsageError = 125;
constexpr int kEndedBySignal = 128;

void define_global(Flags& flags, GlobalOptions& options, bool& version) {
  flags.text("config", options.config_directory, "Directory of the client's configuration");
  flags.text("c,context", options.context,
             "Context to connect to, in place of DOCKER_HOST and the one chosen by \"context use\"");
  flags.boolean("D,debug", options.debug, "Show more of what happens");
  flags.add("H,host", "string", "Socket of the daemon to connect to",
            [&options](std::string_view text) -> Result<void> {
              if (!options.host.empty()) return invalid_argument("specify only one -H");
              options.host = text;
              return {};
            });
  flags.text("l,log-level", options.log_level,
             "Lowest level of messages (\"debug\", \"info\", \"warn\", \"error\", \"fatal\")");
  flags.boolean("v,version", version, "Print the version and quit");
}

const Command* find_command(std::string_view name) {
  for (const Command* command : all_commands())
    if (std::find(command->names.begin(), command->names.end(), name) != command->names.end()) return command;
  return nullptr;
}

const Noun* find_noun(std::string_view name) {
  const auto found =
      std::find_if(all_nouns().begin(), all_nouns().end(), [&](const Noun& noun) { return noun.name == name; });
  return found == all_nouns().end() ? nullptr : &*found;
}

/// An alias within a noun shows as the name it stands for.
std::string shown_path(const Command& command, std::string_view name) {
  const bool has_noun = name.find(' ') != std::string_view::npos;
  return "hull " + std::string(has_noun ? command.names[0] : name);
}

int wrong_flags(Cli& cli, const std::string& problem, const std::string& usage, const std::string& path) {
  cli.complain(problem + "\n\nUsage:  " + usage + "\n\nRun '" + path + " --help' for more information");
  return kUsageError;
}

std::string counted(int count) { return std::to_string(count) + (count == 1 ? " argument" : " arguments"); }

/// Docker's words for a wrong number of arguments; empty where it is right.
std::string count_problem(const Command& command, int count) {
  if (count >= command.least && (command.most == kAnyNumber || count <= command.most)) return "";
  if (command.most == 0) return "accepts no arguments";
  if (command.most == command.least) return "requires " + counted(command.least);
  if (command.most == kAnyNumber) return "requires at least " + counted(command.least);
  if (command.least == 0) return "requires at most " + counted(command.most);
  return "requires at least " + std::to_string(command.least) + " and at most " + counted(command.most);
}

/// The system's own words are in lower case in docker's messages.
std::string worded(const Error& error) {
  std::string text = error.message();
  const std::string system = error.number() == 0 ? "" : std::strerror(error.number());
  if (system.size() > 1 && std::islower(static_cast<unsigned char>(system[1])) && text.ends_with(system)) {
    char& first = text[text.size() - system.size()];
    first = static_cast<char>(std::tolower(static_cast<unsigned char>(first)));
  }
  return text;
}

int report(Cli& cli, const Result<int>& result) {
  if (result.ok()) return *result;
  // As docker ends then: without a word, by SIGPIPE.
  if (result.error().number() == EPIPE && cli.reader_is_gone()) return kEndedBySignal + SIGPIPE;
  if (!result.error().message().empty()) cli.complain(worded(result.error()));
  return 1;
}

/// Docker's words where the engine is too old for a flag, or does not allow it.
Result<void> check_engine(Cli& cli, const Flags& flags) {
  for (const Flag* flag : flags.demanding()) {
    Daemon& daemon = *TRY(cli.daemon());
    if (flag->experimental && !TRY(daemon.client().ping()).experimental)
      return unimplemented("\"--" + flag->name +
                           "\" is only supported on a Docker daemon with experimental features enabled");
    if (TRY(daemon.speaks(flag->api))) continue;
    return unimplemented("\"--" + flag->name + "\" requires API version 1." + std::to_string(flag->api) +
                         ", but the Docker daemon API version is " + TRY(daemon.client().api_version()));
  }
  return {};
}

int run_command(Cli& cli, const Command& command, std::string_view name, const std::vector<std::string>& arguments) {
  const std::string path = shown_path(command, name);
  const auto task = command.make();
  Flags flags;
  task->define(flags);
  auto parsed = flags.parse(arguments, command.interspersed);
  if (parsed.is(Code::kCancelled)) {
    cli.print(command_help(command, path, flags, cli.columns()));
    return 0;
  }
  if (!parsed.ok()) return wrong_flags(cli, parsed.error().message(), usage_line(command, path), path);
  const std::string problem = count_problem(command, static_cast<int>(parsed->size()));
  if (!problem.empty()) {
    const bool at_least = command.most == kAnyNumber;  // Docker words these two differently
    cli.complain("hull: '" + path + "' " + problem + "\n\nUsage:  " + usage_line(command, path) + "\n\n" +
                 (at_least ? "See '" : "Run '") + path + " --help' for more information");
    return 1;
  }
  if (auto able = check_engine(cli, flags); !able.ok()) return report(cli, able.error());
  return report(cli, task->run(cli, Invocation{path, std::move(parsed).value(), flags}));
}

/// Our own messages go to standard error from this level on.
Result<void> set_log_level(const GlobalOptions& options) {
  using logging::Level;
  constexpr std::pair<std::string_view, Level> kLevels[] = {{"debug", Level::kDebug}, {"info", Level::kInfo},
                                                            {"warn", Level::kWarn},   {"warning", Level::kWarn},
                                                            {"error", Level::kError}, {"fatal", Level::kError}};
  for (const auto& [name, level] : kLevels) {
    if (name != options.log_level) continue;
    logging::install(nullptr, options.debug ? Level::kDebug : level);
    return {};
  }
  return invalid_argument("Unable to parse logging level: " + options.log_level);
}

int unknown_command(Cli& cli, const std::string& name, const Noun* noun) {
  const std::string path = noun ? "hull " + std::string(noun->name) : "hull";
  cli.complain("hull: unknown command: " + path + " " + name + "\n" + (noun ? "\nUsage:  " + path + "\n" : "") +
               "\nRun '" + path + " --help' for more information");
  return 1;
}

int run_noun(Cli& cli, const Noun& noun, std::vector<std::string> arguments) {
  const std::string path = "hull " + std::string(noun.name);
  if (arguments.empty()) {  // not asked for, so it is no output
    cli.complain(trim(noun_help(noun)));
    return 0;
  }
  if (arguments[0] == "--help" || arguments[0] == "-h") {
    cli.print(noun_help(noun));
    return 0;
  }
  if (arguments[0].starts_with('-') && arguments[0].size() > 1) {
    Flags none;
    const auto parsed = none.parse(arguments, Flags::Interspersed::kNo);
    if (!parsed.ok()) return wrong_flags(cli, parsed.error().message(), path, path);
  }
  const std::string name = std::string(noun.name) + " " + arguments[0];
  const Command* command = find_command(name);
  if (!command) return unknown_command(cli, arguments[0], &noun);
  arguments.erase(arguments.begin());
  return run_command(cli, *command, name, arguments);
}

/// `hull help`, `hull help rm`, `hull help image ls`.
int run_help(Cli& cli, const std::vector<std::string>& words, const Flags& global) {
  if (words.empty()) {
    cli.print(main_help(global, cli.columns()));
    return 0;
  }
  if (const Noun* noun = find_noun(words[0]); noun && words.size() == 1) return run_noun(cli, *noun, {"--help"});
  const std::string name = join(words, " ");
  if (const Command* command = find_command(name)) return run_command(cli, *command, name, {"--help"});
  const bool known = find_noun(words[0]) || find_command(words[0]);  // and what follows is not
  cli.complain("unknown help topic: " + join({words.begin() + (known ? 1 : 0), words.end()}, " "));
  return 1;
}

int dispatch(Cli& cli, std::vector<std::string> words, const Flags& global) {
  if (words.empty()) return run_help(cli, words, global);
  const std::string name = words[0];
  words.erase(words.begin());
  if (name == "help") return run_help(cli, words, global);
  if (const Noun* noun = find_noun(name)) return run_noun(cli, *noun, std::move(words));
  const Command* command = name.find(' ') == std::string::npos ? find_command(name) : nullptr;
  return command && !name.empty() ? run_command(cli, *command, name, words) : unknown_command(cli, name, nullptr);
}

}  // namespace

int run_main(int argc, char** argv) {
  // A reader that goes away shows as an error of write(2), so that terminals are restored.
  signal(SIGPIPE, SIG_IGN);
  GlobalOptions options;
  bool version = false;
  Flags flags;
  define_global(flags, options, version);
  auto words = flags.parse(std::vector<std::string>(argv + 1, argv + argc), Flags::Interspersed::kNo);
  Cli cli(options);
  int status = 0;
  const auto level = words.ok() ? set_log_level(options) : Result<void>();
  if (!level.ok()) {
    cli.complain(level.error().message());
    status = 1;
  } else if (words.is(Code::kCancelled)) {
    cli.print(main_help(flags, cli.columns()));
  } else if (!words.ok()) {
    status = wrong_flags(cli, words.error().message(), "hull [OPTIONS] COMMAND [ARG...]", "hull");
  } else if (version) {
    cli.print_line(version_line());
  } else {
    status = dispatch(cli, std::move(words).value(), flags);
  }
  if (const auto flushed = cli.flush(); !flushed.ok() && status == 0) status = report(cli, flushed.error());
  return status;
}

}  // namespace hull::cli
