#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "base/text.h"
#include "linux/cgroup.h"
#include "linux/namespaces.h"
#include "runtime/commands/command.h"

namespace hull::runtime {
namespace {

constexpr Flag kFlags[] = {
    {"format", 'f', Flag::Kind::kText, "table or json (default: table)"},
};

/// The output of the host's ps(1), which has a row for every process of the machine.
Result<std::string> host_ps(const std::vector<std::string>& args) {
  sys::Pipe output = TRY(sys::pipe());
  const linux::Child child = TRY(linux::fork_into(0));
  if (child.pid == 0) {
    std::vector<char*> argv = {const_cast<char*>("ps")};
    for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);
    ::dup2(output.write.get(), STDOUT_FILENO);
    ::execvp("ps", argv.data());
    ::_exit(127);
  }
  output.write.reset();
  std::string text;
  char chunk[4096];
  while (const size_t size = TRY(sys::read(output.read, chunk))) text.append(chunk, size);
  const auto exit = TRY(sys::waitpid(child.pid, 0));
  if (exit->exit_code() != 0) return failed_precondition("ps: exit status " + std::to_string(exit->exit_code()));
  return text;
}

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> found;
  for (const std::string_view word : split(line, ' '))
    if (!word.empty()) found.push_back(word);
  return found;
}

/// The heading and the rows whose PID column names one of the processes.
Result<std::string> rows_of(const std::string& table, const std::vector<pid_t>& pids) {
  const auto lines = split(table, '\n');
  const auto heading = words(lines[0]);
  size_t column = 0;
  while (column < heading.size() && heading[column] != "PID") ++column;
  if (column == heading.size()) return invalid_argument("couldn't find PID field in ps output");
  std::string text = std::string(lines[0]) + "\n";
  for (size_t i = 1; i < lines.size(); ++i) {
    const auto fields = words(lines[i]);
    const auto pid = column < fields.size() ? parse_integer<pid_t>(fields[column]) : std::nullopt;
    for (const pid_t wanted : pids)
      if (pid == wanted) text += std::string(lines[i]) + "\n";
  }
  return text;
}

Result<int> run(Context& context, const Flags& flags) {
  const auto directory = TRY(context.store.look(flags.arguments[0]));
  const Record record = TRY(directory.read_record());
  const std::string format = flags.text("format", "table");
  if (format != "table" && format != "json") return invalid_argument("invalid format option");
  const bool stopped = TRY(status_of(record, directory)) == spec::ContainerStatus::kStopped;
  if (record.cgroup_paths.empty() && !stopped)
    return unimplemented("unable to get all container pids: cgroups not configured for container");
  const auto pids = TRY(linux::Cgroup(record.cgroup_paths).processes());
  if (format == "json") {
    TRY(print(json::format(pids)));
    return 0;
  }
  std::vector<std::string> args(flags.arguments.begin() + 1, flags.arguments.end());
  if (args.empty()) args = {"-ef"};
  TRY(print(TRY(rows_of(TRY(host_ps(args)), pids))));
  return 0;
}

}  // namespace

extern const Command kPsCommand = {
    .name = "ps",
    .arguments = "<container-id> [ps options]",
    .help = "show the processes of a container",
    .flags = kFlags,
    .most_arguments = 64,
    .stop_at_argument = true,
    .failure_prefix = "",
    .run = run,
};

}  // namespace hull::runtime
