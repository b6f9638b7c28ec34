#include "cli/commands/container/ps_row.h"
#include "cli/commands/inspect.h"
#include "cli/commands/list_options.h"
#include "cli/commands/network/network.h"
#include "cli/commands/prune.h"
#include "cli/format/listing.h"
#include "cli/format/units.h"

namespace hull::cli {

namespace {

void define_ls(Flags& flags, ListOptions& options) {
  define_list(flags, options, "Ids only");
  flags.boolean("no-trunc", options.no_truncate, "Don't shorten anything");
}

struct NetworkRow {
  const json::Value& network;
  bool truncate;
  std::string label(std::string_view name) const { return text_at(member_at(network, "Labels"), name); }
};

std::string id_text(const NetworkRow& row) {
  const std::string id = text_at(row.network, "Id");
  return row.truncate ? std::string(short_id(id)) : id;
}
std::string name_text(const NetworkRow& row) { return text_at(row.network, "Name"); }
std::string driver_text(const NetworkRow& row) { return text_at(row.network, "Driver"); }
std::string scope_text(const NetworkRow& row) { return text_at(row.network, "Scope"); }
std::string bool_text(bool value) { return value ? "true" : "false"; }
std::string ipv4_text(const NetworkRow& row) { return bool_text(flag_at(row.network, "EnableIPv4")); }
std::string ipv6_text(const NetworkRow& row) { return bool_text(flag_at(row.network, "EnableIPv6")); }
std::string internal_text(const NetworkRow& row) { return bool_text(flag_at(row.network, "Internal")); }
std::string labels_text(const NetworkRow& row) { return displayed_labels(member_at(row.network, "Labels")); }
std::string created_text(const NetworkRow& row) {
  const auto time = parse_rfc3339(text_at(row.network, "Created"));
  return time.ok() && *time ? go_time(**time) : "0001-01-01 00:00:00 +0000 UTC";
}

constexpr Column<NetworkRow> kColumns[] = {
    {"ID", "NETWORK ID", id_text},
    {"Name", "NAME", name_text},
    {"Driver", "DRIVER", driver_text},
    {"Scope", "SCOPE", scope_text},
    {"IPv4", "IPV4", ipv4_text},
    {"IPv6", "IPV6", ipv6_text},
    {"Internal", "INTERNAL", internal_text},
    {"Labels", "LABELS", labels_text},
    {"CreatedAt", "CREATED AT", created_text},
};

constexpr ListFormats kFormats = {
    .config_key = "networksFormat",
    .quiet = "{{.ID}}",
    .raw = "network_id: {{.ID}}\\nname: {{.Name}}\\ndriver: {{.Driver}}\\nscope: {{.Scope}}\\n",
    .table = "{{.ID}}\\t{{.Name}}\\t{{.Driver}}\\t{{.Scope}}"};

Result<int> run_ls(Cli& cli, const ListOptions& options, const Invocation&) {
  const json::Value answer = TRY(TRY(cli.daemon())->get("/networks", list_query(options)));
  const Format format = list_format(cli, options, kFormats);
  std::vector<NetworkRow> rows;
  for (const json::Value* network : by_name(answer)) rows.push_back({*network, !options.no_truncate});
  cli.print(TRY(list_rows<NetworkRow>(format, kColumns, rows, "*network.networkContext")));
  return 0;
}

struct InspectOptions {
  std::string format;
  bool verbose = false;
};
void define_inspect(Flags& flags, InspectOptions& options) {
  define_object_format(flags, "f,format", options.format);
  flags.boolean("v,verbose", options.verbose, "Show more");
}
Result<int> run_inspect(Cli& cli, const InspectOptions& options, const Invocation& invocation) {
  Query query;
  if (options.verbose) query.add("verbose", "true");
  return inspect_kind(cli, invocation.arguments, options.format, {"/networks/", ""}, query);
}

Result<int> run_prune(Cli& cli, const PruneOptions& options, const Invocation&) {
  return prune_kind(cli, options.force,
                    "WARNING! This will remove all custom networks not used by at least one container.", Total::kHidden,
                    [&](Daemon& daemon) { return prune_networks(daemon, options.filters); });
}

struct RmOptions {
  bool force = false;
};
void define_rm(Flags& flags, RmOptions& options) {
  flags.boolean("f,force", options.force, "No error where there is no such network");
}
Result<int> run_rm(Cli& cli, const RmOptions& options, const Invocation& invocation) {
  Daemon& daemon = *TRY(cli.daemon());
  int status = 0;
  for (const std::string& name : invocation.arguments) {
    const auto removed = daemon.remove("/networks/" + path_of(name));
    if (removed.ok()) {
      cli.print_line(name);
    } else if (!(options.force && removed.is(Code::kNotFound))) {
      cli.complain(removed.error().message());
      status = 1;
    }
  }
  return status;
}

}  // namespace

constinit const Command kNetworkLs = {.names = {"network ls", "network list"},
                                      .synopsis = "[OPTIONS]",
                                      .summary = "List networks",
                                      .most = 0,
                                      .make = make_task<ListOptions, define_ls, run_ls>};
constinit const Command kNetworkInspect = {.names = {"network inspect"},
                                           .synopsis = "[OPTIONS] NETWORK [NETWORK...]",
                                           .summary = "Show all that is known about networks",
                                           .least = 1,
                                           .make = make_task<InspectOptions, define_inspect, run_inspect>};
constinit const Command kNetworkPrune = {.names = {"network prune"},
                                         .synopsis = "[OPTIONS]",
                                         .summary = "Remove all networks that nothing uses",
                                         .most = 0,
                                         .make = make_task<PruneOptions, define_prune, run_prune>};
constinit const Command kNetworkRm = {.names = {"network rm", "network remove"},
                                      .synopsis = "NETWORK [NETWORK...]",
                                      .summary = "Remove networks",
                                      .least = 1,
                                      .make = make_task<RmOptions, define_rm, run_rm>};

}  // namespace hull::cli
