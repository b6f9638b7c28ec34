#include "runtime/exec.h"

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"
#include "linux/process_attributes.h"
#include "runtime/commands/command.h"
#include "runtime/commands/create_flags.h"
#include "runtime/foreground.h"

namespace hull::runtime {
namespace {

constexpr Flag kFlags[] = {
    kConsoleSocketFlag,
    kPidFileFlag,
    kPidfdSocketFlag,
    kPreserveFlag,
    {"process", 'p', Flag::Kind::kText, "file with the process as JSON"},
    {"detach", 'd', Flag::Kind::kSwitch, "return once the process runs"},
    {"tty", 't', Flag::Kind::kSwitch, "give the process a terminal"},
    {"env", 'e', Flag::Kind::kList, "set a variable of the environment"},
    {"cwd", 0, Flag::Kind::kText, "working directory"},
    {"user", 'u', Flag::Kind::kText, "uid[:gid]"},
    {"additional-gids", 'g', Flag::Kind::kList, "additional groups"},
    {"cap", 'c', Flag::Kind::kList, "add a capability"},
    {"no-new-privs", 0, Flag::Kind::kSwitch, "set no_new_privs"},
    {"apparmor", 0, Flag::Kind::kText, "AppArmor profile of the process"},
    {"process-label", 0, Flag::Kind::kText, "SELinux label of the process"},
    {"ignore-paused", 0, Flag::Kind::kSwitch, "exec in a paused container too"},
    {"cgroup", 0, Flag::Kind::kList, "run in this cgroup below the container's: [controller,...:]path"},
    {"no-subreaper", 0, Flag::Kind::kSwitch, "accepted: this runtime never becomes a subreaper"},
};

/// Errors in runc's words.
Result<uint32_t> parse_id(const std::string& kind, std::string_view text) {
  if (const auto id = parse_integer<uint32_t>(text)) return *id;
  return invalid_argument("bad " + kind + ": strconv.Atoi: parsing \"" + std::string(text) + "\": invalid syntax");
}

Result<void> set_user(const std::string& text, spec::User& user) {
  const auto parts = cut(text, ":");
  user.uid = TRY(parse_id("uid", parts ? parts->before : text));
  if (parts) user.gid = TRY(parse_id("gid", parts->after));
  return {};
}

/// To the sets that the program has after exec; never to the inheritable one (CVE-2022-29162).
void add_capabilities(const std::vector<std::string>& names, spec::Process& process) {
  if (names.empty()) return;
  if (!process.capabilities) process.capabilities.emplace();
  for (auto* set :
       {&process.capabilities->bounding, &process.capabilities->effective, &process.capabilities->permitted})
    set->insert(set->end(), names.begin(), names.end());
}

Result<spec::Process> process_of(const Record& record, const Flags& flags) {
  if (flags.has("process"))
    return spec::parse_process(TRY(read_file(flags.text("process"), 16_MiB))).context("process");
  spec::Process process = record.details.process;
  if (flags.arguments.size() < 2) return invalid_argument("exec args cannot be empty");
  process.args.assign(flags.arguments.begin() + 1, flags.arguments.end());
  process.terminal = flags.is_set("tty");
  process.console_size.reset();
  if (flags.has("cwd")) process.cwd = flags.text("cwd");
  for (std::string& entry : flags.list("env")) process.env.push_back(std::move(entry));
  if (flags.has("user")) TRY(set_user(flags.text("user"), process.user));
  for (const std::string& text : flags.list("additional-gids")) {
    const auto gid = parse_integer<uint32_t>(text);
    if (!gid) return invalid_argument("additional-gids: \"" + text + "\" is no number");
    process.user.additional_gids.push_back(*gid);
  }
  add_capabilities(flags.list("cap"), process);
  if (flags.has("no-new-privs")) process.no_new_privileges = flags.is_set("no-new-privs");
  if (flags.has("apparmor")) process.apparmor_profile = flags.text("apparmor");
  if (flags.has("process-label")) process.selinux_label = flags.text("process-label");
  return process;
}

/// "path" for all controllers, or "controller,controller:path" any number of times.
Result<linux::Cgroup::Below> cgroups_of(const std::vector<std::string>& texts) {
  linux::Cgroup::Below below;
  for (const std::string& text : texts) {
    const auto parts = cut(text, ":");
    if (!parts) {
      if (texts.size() != 1)
        return invalid_argument("invalid --cgroup argument: " + text + " (missing <controller>: prefix)");
      below[""] = text;
      break;
    }
    for (const std::string_view controller : split(parts->before, ',')) {
      if (controller.empty())
        return invalid_argument("invalid --cgroup argument: " + text + " (empty <controller> prefix)");
      if (!below.emplace(controller, parts->after).second)
        return invalid_argument("invalid --cgroup argument(s): controller " + std::string(controller) +
                                " specified multiple times");
    }
  }
  return below;
}

Result<int> run_foreground(const ContainerDirectory& directory, const Record& record, const spec::Process& process,
                           ExecOptions& options) {
  sys::SocketPair console = TRY(sys::socketpair(SOCK_STREAM));
  if (process.terminal) options.console = std::move(console.second);
  const UniqueFd signals = TRY(block_forwarded_signals());
  const linux::Child child = TRY(start_exec(directory, record, process, options));
  UniqueFd master;
  if (process.terminal) master = TRY(linux::receive_descriptor(console.first));
  return accompany_foreground(child, signals, std::move(master));
}

Result<int> run(Context& context, const Flags& flags) {
  ExecOptions options;
  options.console_socket = flags.text("console-socket");
  if (flags.has("pid-file")) options.pid_file = TRY(absolute_path(flags.text("pid-file")));
  options.pidfd_socket = flags.text("pidfd-socket");
  options.ignore_paused = flags.is_set("ignore-paused");
  if (flags.number("preserve-fds") < 0) return invalid_argument("preserve-fds: is below zero");
  options.preserved_fds = static_cast<unsigned>(flags.number("preserve-fds"));
  options.cgroup = TRY(cgroups_of(flags.list("cgroup")));
  const auto directory = TRY(context.store.look(flags.arguments[0]));
  const Record record = TRY(check_exec(directory, options));
  spec::Process process = TRY(process_of(record, flags));
  const bool detach = flags.is_set("detach");
  if (const auto size = own_terminal_size(); process.terminal && !detach && size) process.console_size = size;
  if (process.terminal && detach && options.console_socket.empty())
    return invalid_argument("cannot allocate tty if runc will detach without setting console socket");
  if ((!process.terminal || !detach) && !options.console_socket.empty())
    return invalid_argument("cannot use console socket if runc will not detach or allocate tty");
  if (!detach) return run_foreground(directory, record, process, options);
  TRY(start_exec(directory, record, process, options));
  return 0;
}

}  // namespace

extern const Command kExecCommand = {
    .name = "exec",
    .arguments = "<container-id> <command> [arguments]",
    .help = "run another process in a container",
    .flags = kFlags,
    .most_arguments = SIZE_MAX,
    .stop_at_argument = true,
    .seen_from_containers = true,
    .failure_code = 255,
    .failure_prefix = "exec failed: ",
    .run = run,
};

}  // namespace hull::runtime
