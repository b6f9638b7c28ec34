#include "cli/commands/container/ps_row.h"

#include "cli/commands/container/container.h"
#include "cli/commands/filter_flag.h"
#include "cli/format/listing.h"

namespace hull::cli {

namespace {

struct PsOptions {
  bool all = false;
  bool latest = false;
  bool no_truncate = false;
  bool quiet = false;
  bool size = false;
  int64_t last = -1;
  std::string format;
  std::vector<std::string> filters;
};

void define_ps(Flags& flags, PsOptions& options) {
  flags.boolean("a,all", options.all, "All containers, not only running ones");
  define_filter(flags, "f,filter", options.filters);
  define_list_format(flags, "format", options.format);
  flags.integer("n,last", options.last, "The last n containers made, in any state");
  flags.boolean("l,latest", options.latest, "The last container made, in any state");
  flags.boolean("no-trunc", options.no_truncate, "Don't shorten anything");
  flags.boolean("q,quiet", options.quiet, "Ids only");
  flags.boolean("s,size", options.size, "Total file sizes");
}

constexpr std::string_view kType = "*formatter.ContainerContext";
constexpr std::string_view kTable =
    "{{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Ports}}\\t{{.Names}}";
constexpr std::string_view kRaw =
    "container_id: {{.ID}}\\nimage: {{.Image}}\\ncommand: {{.Command}}\\ncreated_at: {{.CreatedAt}}\\nstate: "
    "{{- pad .State 1 0}}\\nstatus: {{- pad .Status 1 0}}\\nnames: {{.Names}}\\nlabels: {{- pad .Labels 1 0}}\\nports: "
    "{{- pad .Ports 1 0}}\\n";

Format make_format(Cli& cli, const PsOptions& options) {
  std::string format = options.format;
  if (options.quiet && !format.empty()) {
    cli.complain("WARNING: Ignoring custom format, because both --format and --quiet are set.");
    format.clear();
  }
  if (format.empty() && !options.quiet) format = cli.config().text("psFormat");
  if (format.empty()) format = "table";
  if (options.quiet) return Format::of("{{.ID}}", "");
  if (format == "raw") return Format::of(std::string(kRaw) + (options.size ? "size: {{.Size}}\\n" : ""), "");
  return Format::of(format, std::string(kTable) + (options.size ? "\\t{{.Size}}" : ""));
}

Result<int> run_ps(Cli& cli, const PsOptions& options, const Invocation&) {
  const Format format = make_format(cli, options);
  // A try without rows tells of a wrong template, and whether it shows sizes: they cost the engine a walk over the file
  // systems.
  const json::Value nothing;
  bool size = options.size;
  bool* const wanted = format.json ? nullptr : &size;  // "json" shows all fields, but asks for none
  TRY(list_rows<PsRow>(format, ps_columns(), {{.container = nothing, .truncate = true, .size_wanted = wanted}}, kType));
  Query query;
  const int64_t last = options.latest && options.last == -1 ? 1 : options.last;
  query.add_flag("all", options.all);
  if (last > 0) query.add("limit", std::to_string(last));
  query.add_flag("size", size);
  query.add_unless_empty("filters", encode_filters(options.filters));
  const json::Value answer = TRY(TRY(cli.daemon())->get("/containers/json", query));
  std::vector<PsRow> rows;
  for (const json::Value& container : entries_of(answer))
    rows.push_back({.container = container, .truncate = !options.no_truncate});
  cli.print(TRY(list_rows(format, ps_columns(), rows, kType)));
  return 0;
}

}  // namespace

constinit const Command kPs = {.names = {"container ls", "container list", "container ps", "ps"},
                               .synopsis = "[OPTIONS]",
                               .summary = "List containers",
                               .most = 0,
                               .make = make_task<PsOptions, define_ps, run_ps>,
                               .common = true};

}  // namespace hull::cli
