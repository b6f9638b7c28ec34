#include <algorithm>

#include "cli/commands/context/context.h"
#include "cli/commands/filter_flag.h"
#include "cli/commands/inspect.h"
#include "cli/commands/list_options.h"
#include "cli/format/listing.h"
#include "cli/format/natural_order.h"

namespace hull::cli {

namespace {

struct ContextRow {
  std::string name;
  std::string description;
  std::string host;
  std::string error;
  bool current = false;
};

constexpr Column<ContextRow> kColumns[] = {
    {"Name", "NAME", [](const ContextRow& row) { return row.name; }},
    {"Description", "DESCRIPTION", [](const ContextRow& row) { return row.description; }},
    {"DockerEndpoint", "DOCKER ENDPOINT", [](const ContextRow& row) { return row.host; }},
    {"Error", "ERROR", [](const ContextRow& row) { return row.error; }},
    {"Current", "", nullptr, nullptr, [](const ContextRow& row) { return row.current; }},
};
constexpr std::string_view kTable =
    "{{.Name}}{{if .Current}} *{{end}}\\t{{.Description}}\\t{{.DockerEndpoint}}\\t{{.Error}}";

struct LsOptions {
  std::string format;
  bool quiet = false;
};
void define_ls(Flags& flags, LsOptions& options) {
  define_list_format(flags, "format", options.format);
  flags.boolean("q,quiet", options.quiet, "Names only");
}

Result<std::vector<ContextRow>> rows(Cli& cli) {
  const Context standard = TRY(cli.context(std::string(kDefaultContext)));
  std::vector<ContextRow> out = {
      {.name = standard.name, .description = "Current DOCKER_HOST based configuration", .host = standard.host()}};
  for (const Context& context : TRY(cli.contexts().list()))
    out.push_back({.name = context.name, .description = context.description(), .host = context.host()});
  const std::string current = cli.context_name();
  const auto found = std::find_if(out.begin(), out.end(), [&](const ContextRow& row) { return row.name == current; });
  if (found != out.end()) {
    found->current = true;
  } else {
    const auto missing = cli.context(current);
    out.push_back({.name = current, .error = missing.ok() ? "" : missing.error().message(), .current = true});
  }
  std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return natural_less(a.name, b.name); });
  return out;
}

Result<int> run_ls(Cli& cli, const LsOptions& options, const Invocation&) {
  const std::string wanted = options.format.empty() ? "table" : options.format;
  const Format format = options.quiet && wanted == "table" ? Format::of("{{.Name}}", "") : Format::of(wanted, kTable);
  auto text = list_rows<ContextRow>(format, kColumns, TRY(rows(cli)), "*formatter.clientContextContext");
  if (!text.ok()) return worded_as_inspect(text.error());
  cli.print(*text);
  const std::string variable = cli.overriding_variable();
  if (!variable.empty() && cli.options().context.empty())
    cli.complain("Warning: " + variable +
                 " environment variable overrides the active context. To use a context, either set the global "
                 "--context flag, or unset " +
                 variable + " environment variable.");
  return 0;
}

struct InspectOptions {
  std::string format;
};
void define_inspect(Flags& flags, InspectOptions& options) { define_object_format(flags, "f,format", options.format); }

Result<json::Value> file_names(Cli& cli, const std::string& name) {
  boost::json::object out;
  if (name == kDefaultContext) return json::Value(std::move(out));
  for (const auto& [endpoint, files] : TRY(cli.contexts().tls(name))) {
    boost::json::array names;
    for (const auto& [file, content] : files) names.emplace_back(file);
    out[endpoint] = std::move(names);
  }
  return json::Value(std::move(out));
}

Result<std::string> document(Cli& cli, const std::string& name) {
  const Context context = TRY(cli.context(name));
  boost::json::object out;
  out["Name"] = context.name;
  out["Metadata"] = context.metadata;
  out["Endpoints"] = context.endpoints;
  out["TLSMaterial"] = TRY(file_names(cli, name));
  const bool stored = name != kDefaultContext;
  const ContextStore store = cli.contexts();
  boost::json::object storage;
  storage["MetadataPath"] = stored ? store.metadata_path(name) : "<IN MEMORY>";
  storage["TLSPath"] = stored ? store.tls_path(name) : "<IN MEMORY>";
  out["Storage"] = std::move(storage);
  std::string text = json::format(json::Value(std::move(out)));
  // Go writes these two signs so.
  for (const auto& [sign, escaped] : {std::pair("\"<IN", "\"\\u003cIN"), std::pair("MEMORY>", "MEMORY\\u003e")})
    for (size_t at = text.find(sign); !stored && at != text.npos; at = text.find(sign, at + 1))
      text.replace(at, std::string_view(sign).size(), escaped);
  return text;
}

Result<int> run_inspect(Cli& cli, const InspectOptions& options, const Invocation& invocation) {
  std::vector<std::string> names = invocation.arguments;
  if (names.empty()) names.push_back(cli.context_name());
  return inspect_objects(cli, names, options.format, [&](const std::string& name) { return document(cli, name); });
}

Result<int> run_show(Cli& cli, const NoOptions&, const Invocation&) {
  if (!cli.options().host.empty() && !cli.options().context.empty())
    return invalid_argument("conflicting options: cannot specify both --host and --context");
  cli.print_line(cli.context_name());
  return 0;
}

}  // namespace

constinit const Command kContextLs = {.names = {"context ls", "context list"},
                                      .synopsis = "[OPTIONS]",
                                      .summary = "List contexts",
                                      .most = 0,
                                      .make = make_task<LsOptions, define_ls, run_ls>};
constinit const Command kContextInspect = {.names = {"context inspect"},
                                           .synopsis = "[OPTIONS] [CONTEXT] [CONTEXT...]",
                                           .summary = "Show all that is known about contexts",
                                           .make = make_task<InspectOptions, define_inspect, run_inspect>};
constinit const Command kContextShow = {.names = {"context show"},
                                        .synopsis = "",
                                        .summary = "Print the name of the context in force",
                                        .most = 0,
                                        .make = make_task<NoOptions, define_none, run_show>};

}  // namespace hull::cli
