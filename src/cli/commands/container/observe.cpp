// Commands that show one thing about a container.
#include <algorithm>

#include "base/text.h"
#include "cli/commands/container/container.h"
#include "cli/commands/objects.h"
#include "cli/format/printable.h"
#include "cli/format/table.h"

namespace hull::cli {

namespace {

constexpr size_t kTopWidth = 20;

std::string tabbed(const json::Value& cells) {
  std::string line;
  for (const json::Value& cell : entries_of(cells)) {
    if (!line.empty()) line += '\t';
    std::string text = cell.is_string() ? printable(std::string_view(cell.get_string())) : "";
    std::ranges::replace(text, '\t', ' ');  // it would begin another cell
    line += text;
  }
  return line + '\n';
}

Result<int> run_top(Cli& cli, const NoOptions&, const Invocation& invocation) {
  const std::vector<std::string> arguments(invocation.arguments.begin() + 1, invocation.arguments.end());
  Query query;
  query.add_unless_empty("ps_args", join(arguments, " "));
  const json::Value top =
      TRY(TRY(cli.daemon())->get("/containers/" + path_of(invocation.arguments[0]) + "/top", query));
  std::string lines = tabbed(member_at(top, "Titles"));
  for (const json::Value& process : entries_of(member_at(top, "Processes"))) lines += tabbed(process);
  cli.print(align_columns(lines, kTopWidth, 3));
  return 0;
}

Result<int> run_diff(Cli& cli, const NoOptions&, const Invocation& invocation) {
  constexpr std::string_view kKinds[] = {"C", "A", "D"};
  const json::Value changes =
      TRY(TRY(cli.daemon())->get("/containers/" + path_of(invocation.arguments[0]) + "/changes"));
  for (const json::Value& change : entries_of(changes)) {
    const auto kind = static_cast<size_t>(number_at(change, "Kind"));
    cli.print_line(std::string(kind < std::size(kKinds) ? kKinds[kind] : "?") + " " +
                   printable(text_at(change, "Path")));
  }
  return 0;
}

std::string host_of(const json::Value& binding) {
  const std::string address = text_at(binding, "HostIp");
  return (address.find(':') != std::string::npos ? "[" + address + "]" : address) + ":" + text_at(binding, "HostPort");
}

/// "80" before "443": by number, then by protocol.
bool port_less(std::string_view a, std::string_view b) {
  const auto number = [](std::string_view port) {
    return parse_integer<int>(port.substr(0, port.find('/'))).value_or(0);
  };
  return number(a) != number(b) ? number(a) < number(b) : a < b;
}

Result<int> run_port(Cli& cli, const NoOptions&, const Invocation& invocation) {
  const std::string& name = invocation.arguments[0];
  const json::Value container = TRY(TRY(cli.daemon())->get("/containers/" + path_of(name) + "/json"));
  const json::Value& ports = member_at(member_at(container, "NetworkSettings"), "Ports");
  if (invocation.arguments.size() > 1) {
    std::string port = invocation.arguments[1];
    if (port.find('/') == std::string::npos) port += "/tcp";
    const auto digits = std::string_view(port).substr(0, port.find('/'));
    if (!parse_integer<uint16_t>(digits)) {
      const bool number = !digits.empty() && digits.find_first_not_of("0123456789") == digits.npos;
      return invalid_argument("Error: invalid port (" + std::string(digits) + "): strconv.ParseUint: parsing \"" +
                              std::string(digits) + "\": " + (number ? "value out of range" : "invalid syntax"));
    }
    const auto bindings = entries_of(member_at(ports, port));
    if (bindings.empty())
      return not_found("Error: No public port '" + invocation.arguments[1] + "' published for " + name);
    for (const json::Value& binding : bindings) cli.print_line(host_of(binding));
    return 0;
  }
  std::vector<std::string> lines;
  if (ports.is_object()) {
    for (const auto& entry : ports.get_object())
      for (const json::Value& binding : entries_of(entry.value()))
        lines.push_back(std::string(std::string_view(entry.key())) + " -> " + host_of(binding));
  }
  std::sort(lines.begin(), lines.end(), port_less);
  for (const std::string& line : lines) cli.print_line(line);
  return 0;
}

}  // namespace

constinit const Command kTop = {.names = {"container top", "top"},
                                .synopsis = "CONTAINER [ps OPTIONS]",
                                .summary = "Show the processes of a container",
                                .least = 1,
                                .make = make_task<NoOptions, define_none, run_top>,
                                .interspersed = Flags::Interspersed::kNo};
constinit const Command kDiff = {.names = {"container diff", "diff"},
                                 .synopsis = "CONTAINER",
                                 .summary = "Show what changed in a container's file system",
                                 .least = 1,
                                 .most = 1,
                                 .make = make_task<NoOptions, define_none, run_diff>};
constinit const Command kPort = {.names = {"container port", "port"},
                                 .synopsis = "CONTAINER [PRIVATE_PORT[/PROTO]]",
                                 .summary = "Show where a container's ports are published",
                                 .least = 1,
                                 .most = 2,
                                 .make = make_task<NoOptions, define_none, run_port>};

}  // namespace hull::cli
