#include <unistd.h>

#include <algorithm>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"
#include "runtime/commands/command.h"
#include "runtime/commands/shown_state.h"

namespace hull::runtime {
namespace {

constexpr Flag kFlags[] = {
    {"format", 'f', Flag::Kind::kText, "table or json (default: table)"},
    {"quiet", 'q', Flag::Kind::kSwitch, "print ids only"},
};

/// The name in /etc/passwd; a user of another source, which would need the host's NSS, is shown by number.
std::string owner_of(const ContainerDirectory& directory) {
  const auto info = sys::fstat(directory.fd());
  if (!info.ok()) return "";
  const std::string passwd = read_file("/etc/passwd", 1_MiB).value_or("");
  for (const std::string_view line : split(passwd, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() > 2 && parse_integer<uid_t>(fields[2]) == info->st_uid) return std::string(fields[0]);
  }
  return "#" + std::to_string(info->st_uid);
}

std::string table_of(const std::vector<ShownState>& states) {
  std::vector<std::vector<std::string>> rows = {{"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"}};
  for (const ShownState& state : states)
    rows.push_back({state.id, std::to_string(state.pid), std::string(json::name_of(state.status)), state.bundle,
                    format_rfc3339(state.created), state.owner});
  std::vector<size_t> widths(rows[0].size(), 0);
  constexpr size_t kLeastWidth = 12, kGap = 3;
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max({widths[i], row[i].size() + kGap, kLeastWidth});
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i)
      text += i + 1 < row.size() ? row[i] + std::string(widths[i] - row[i].size(), ' ') : row[i];
    text += '\n';
  }
  return text;
}

Result<int> run(Context& context, const Flags& flags) {
  const std::string format = flags.text("format", "table");
  if (format != "table" && format != "json") return invalid_argument("invalid format option");
  std::vector<ShownState> states;
  auto ids = TRY(context.store.list());
  std::sort(ids.begin(), ids.end());
  for (const std::string& id : ids) {
    const auto directory = context.store.look(id);
    if (!directory.ok()) continue;  // deleted meanwhile
    auto state = shown_state(*directory);
    if (!state.ok()) continue;
    state->owner = owner_of(*directory);
    states.push_back(std::move(*state));
  }
  std::string text;
  if (flags.is_set("quiet")) {
    for (const ShownState& state : states) text += state.id + "\n";
  } else if (format == "json") {
    text = states.empty() ? "null" : json::format(states);
  } else {
    text = table_of(states);
  }
  TRY(print(text));
  return 0;
}

}  // namespace

extern const Command kListCommand = {
    .name = "list",
    .arguments = "",
    .help = "list the containers under --root",
    .flags = kFlags,
    .least_arguments = 0,
    .most_arguments = 0,
    .failure_prefix = "",
    .run = run,
};

}  // namespace hull::runtime
