#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>

#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "linux/seccomp_filter.h"
#include "runtime/commands/command.h"
#include "runtime/report.h"
#include "runtime/rootless.h"
#include "runtime/seal.h"

#ifndef HULL_VERSION
#define HULL_VERSION "0.1.0"
#endif

namespace hull::runtime {
namespace {

constexpr std::string_view kProgram = "hull-runc";

constexpr const Command* kCommands[] = {
    &kCheckpointCommand, &kRestoreCommand, &kCreateCommand, &kDeleteCommand, &kEventsCommand, &kExecCommand,
    &kFeaturesCommand,   &kKillCommand,    &kListCommand,   &kPauseCommand,  &kPsCommand,     &kResumeCommand,
    &kRunCommand,        &kSpecCommand,    &kStartCommand,  &kStateCommand,  &kUpdateCommand,
};

constexpr Flag kGlobalFlags[] = {
    {"debug", 0, Flag::Kind::kSwitch, "log what is only of use when something goes wrong"},
    {"log", 0, Flag::Kind::kText, "file that log lines are appended to (default: stderr)"},
    {"log-format", 0, Flag::Kind::kText, "text or json (default: text)"},
    {"root", 0, Flag::Kind::kText, "directory of the containers' state (default: /run/hull-runc)"},
    {"criu", 0, Flag::Kind::kText,
     "accepted and of no effect, as with runc: criu is found in PATH, or named by HULL_CRIU"},
    {"systemd-cgroup", 0, Flag::Kind::kSwitch,
     "make the cgroup a systemd scope; cgroupsPath is then \"slice:prefix:name\""},
    {"rootless", 0, Flag::Kind::kText, "true, false or auto (default: auto)"},
    {"version", 'v', Flag::Kind::kSwitch, "print the version"},
    {"help", 'h', Flag::Kind::kSwitch, "print this help"},
};

std::string version_text() {
  return std::string(kProgram) + " version " HULL_VERSION "\nspec: " + std::string(spec::kRuntimeSpecVersion) +
         "\nlibseccomp: " + linux::seccomp_library_version() + "\n";
}

std::string program_help() {
  std::string text =
      "hull-runc - makes and runs containers by the OCI runtime specification\n\nUSAGE:\n   hull-runc "
      "[global options] command [options] [arguments]\n\nCOMMANDS:\n";
  for (const Command* command : kCommands) {
    std::string line = "   " + std::string(command->name);
    line += std::string(line.size() < 16 ? 16 - line.size() : 1, ' ');
    text += line + std::string(command->help) + "\n";
  }
  return text + "\nGLOBAL OPTIONS:\n" + help_of(kGlobalFlags);
}

std::string command_help(const Command& command) {
  return "hull-runc " + std::string(command.name) + " - " + std::string(command.help) + "\n\nUSAGE:\n   hull-runc " +
         std::string(command.name) + " [options] " + std::string(command.arguments) + "\n\nOPTIONS:\n" +
         help_of(command.flags);
}

const Command* find_command(std::string_view name) {
  for (const Command* command : kCommands)
    if (command->name == name) return command;
  return nullptr;
}

Result<RootlessFlag> rootless_flag(const std::string& text) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
    if (text == yes) return RootlessFlag::kYes;
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
    if (text == no) return RootlessFlag::kNo;
  if (text == "auto" || text.empty()) return RootlessFlag::kAuto;
  return invalid_argument("invalid value \"" + text + "\" for flag -rootless: expected true, false or auto");
}

Result<Context> open_context(const Flags& flags) {
  LogOptions log;
  log.path = flags.text("log");
  log.debug = flags.is_set("debug");
  const std::string format = flags.text("log-format", "text");
  if (format != "text" && format != "json") return invalid_argument("invalid log-format: " + format);
  log.format = format == "json" ? LogFormat::kJson : LogFormat::kText;
  TRY(install_log(log));
  const bool systemd = flags.is_set("systemd-cgroup");
  if (systemd && ::access("/run/systemd/system", F_OK) == -1)
    return unimplemented("systemd not running on this host, cannot use systemd cgroups manager");
  const RootlessFlag rootless = TRY(rootless_flag(flags.text("rootless", "auto")));
  return Context{Store(flags.text("root", default_root())), systemd, has_rootless_cgroups(rootless, systemd)};
}

Result<void> check_arguments(const Command& command, size_t count) {
  if (count >= command.least_arguments && count <= command.most_arguments) return {};
  const bool exact = command.least_arguments == command.most_arguments;
  const std::string how = exact                             ? "exactly " + std::to_string(command.least_arguments)
                          : count < command.least_arguments ? "a minimum of " + std::to_string(command.least_arguments)
                                                            : "a maximum of " + std::to_string(command.most_arguments);
  return invalid_argument("\"" + std::string(command.name) + "\" requires " + how + " argument(s)");
}

/// A system call that the kernel lacks, said of a kernel that lacks it by its age (docs/decisions/009).
std::string explain_kernel(std::string message) {
  constexpr std::string_view kMissing = "function not implemented";
  if (message.find(kMissing) == std::string::npos) return message;
  utsname kernel{};
  ::uname(&kernel);
  const auto numbers = split(kernel.release, '.');
  const unsigned major = parse_integer<unsigned>(numbers[0]).value_or(0);
  const unsigned minor = numbers.size() > 1 ? parse_integer<unsigned>(numbers[1]).value_or(0) : 0;
  if (std::pair(major, minor) >= std::pair(5U, 12U)) return message;
  return message + " (this is Linux " + kernel.release + "; hull-runc needs 5.12 or later)";
}

int fail(const Error& error, std::string_view prefix, int code) {
  report_failure(std::string(prefix) + explain_kernel(go_spelling(error)));
  return code;
}

/// As runc: what was wrong and how it is right on standard output, the error as any other.
int wrong_usage(const Error& error, std::string_view what, const std::string& help) {
  (void)print("Incorrect Usage" + std::string(what) + "\n\n" + help);
  return fail(error, "", 1);
}

int run_command(const Command& command, Context& context, std::span<const std::string> words, char** argv) {
  for (const std::string& word : words) {
    if (word == "--help" || word == "-h") return print(command_help(command)).ok() ? 0 : 1;
    if (command.stop_at_argument && (word.empty() || word[0] != '-')) break;
  }
  auto flags = parse_flags(command.flags, words, command.stop_at_argument);
  if (!flags.ok()) return wrong_usage(flags.error(), ": " + flags.error().message(), command_help(command));
  if (auto counted = check_arguments(command, flags->arguments.size()); !counted.ok())
    return wrong_usage(std::move(counted).context(argv[0]).error(), ".", command_help(command));
  if (command.seen_from_containers)
    if (auto sealed = run_from_sealed_image(argv); !sealed.ok())
      return fail(sealed.error(), command.failure_prefix, command.failure_code);
  auto code = command.run(context, *flags);
  if (!code.ok()) return fail(code.error(), command.failure_prefix, command.failure_code);
  return *code;
}

/// A closed stdin, stdout or stderr would let a descriptor of ours take its number, and the container inherit it.
void fill_stdio() {
  for (int fd = 0; fd <= 2; ++fd)
    if (::fcntl(fd, F_GETFD) == -1) (void)::open("/dev/null", O_RDWR);
}

}  // namespace

Result<void> print(std::string_view text) { return sys::write_all(FdRef(STDOUT_FILENO), text); }

int run_program(int argc, char** argv) {
  fill_stdio();
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const auto global = parse_flags(kGlobalFlags, words, true);
  if (!global.ok()) return wrong_usage(global.error(), ". " + global.error().message(), program_help());
  if (global->is_set("version")) return print(version_text()).ok() ? 0 : 1;
  if (global->is_set("help") || global->arguments.empty() || global->arguments[0] == "help")
    return print(program_help()).ok() ? 0 : 1;
  auto context = open_context(*global);
  if (!context.ok()) return fail(context.error(), "", 1);
  constexpr int kUnknownCommand = 3;  // as runc's command line library has it
  const Command* command = find_command(global->arguments[0]);
  if (!command) return fail(not_found("No help topic for '" + global->arguments[0] + "'\n"), "", kUnknownCommand);
  return run_command(*command, *context, std::span(global->arguments).subspan(1), argv);
}

}  // namespace hull::runtime
