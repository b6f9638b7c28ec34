#include "cli/commands/inspect.h"
#include "cli/commands/list_options.h"
#include "cli/commands/prune.h"
#include "cli/commands/volume/volume.h"
#include "cli/commands/volume/volume_row.h"
#include "cli/values/environment.h"

namespace hull::cli {

namespace {

void define_ls(Flags& flags, ListOptions& options) { define_list(flags, options, "Names only"); }

constexpr ListFormats kFormats = {.config_key = "volumesFormat",
                                  .quiet = "{{.Name}}",
                                  .raw = "name: {{.Name}}\\ndriver: {{.Driver}}\\n",
                                  .table = "{{.Driver}}\\t{{.Name}}"};

Result<int> run_ls(Cli& cli, const ListOptions& options, const Invocation&) {
  const json::Value answer = TRY(TRY(cli.daemon())->get("/volumes", list_query(options)));
  std::vector<VolumeRow> rows;
  for (const json::Value* volume : by_name(member_at(answer, "Volumes"))) rows.push_back({*volume});
  cli.print(TRY(
      list_rows<VolumeRow>(list_format(cli, options, kFormats), volume_columns(), rows, "*formatter.volumeContext")));
  return 0;
}

/// POST /volumes/create.
struct VolumeRequest {
  std::string name;
  std::string driver = "local";
  std::map<std::string, std::string> options;
  std::map<std::string, std::string> labels;
};
template <class V>
void describe(V& json, VolumeRequest& request) {
  json.omit_empty("Name", request.name);
  json.field("Driver", request.driver);
  json.field("DriverOpts", request.options);
  json.field("Labels", request.labels);
}

struct VolumeCreateOptions {
  std::string name;
  std::string driver = "local";
  std::vector<std::string> options;
  std::vector<std::string> labels;
};
void define_create(Flags& flags, VolumeCreateOptions& options) {
  flags.text("d,driver", options.driver, "Driver of the volume");
  flags.text("name", options.name, "Name of the volume").hidden = true;
  flags.list("o,opt", options.options, "Option of the driver").type = "map";
  flags.add("label", "list", "Label NAME=VALUE", [&options](std::string_view text) -> Result<void> {
    TRY(check_label(text));
    options.labels.emplace_back(text);
    return {};
  });
}
Result<int> run_create(Cli& cli, const VolumeCreateOptions& options, const Invocation& invocation) {
  const bool named = !invocation.arguments.empty();
  if (named && !options.name.empty())
    return invalid_argument(
        "conflicting options: cannot specify a volume-name through both --name and as a positional arg");
  const VolumeRequest request{.name = named ? invocation.arguments[0] : options.name,
                              .driver = options.driver,
                              .options = to_map(options.options),
                              .labels = to_map(options.labels)};
  const json::Value made = TRY(TRY(cli.daemon())->post("/volumes/create", {}, json::format(request)));
  cli.print_line(text_at(made, "Name"));
  return 0;
}

struct InspectOptions {
  std::string format;
};
void define_inspect(Flags& flags, InspectOptions& options) { define_object_format(flags, "f,format", options.format); }
Result<int> run_inspect(Cli& cli, const InspectOptions& options, const Invocation& invocation) {
  return inspect_kind(cli, invocation.arguments, options.format, {"/volumes/", ""});
}

struct RmOptions {
  bool force = false;
};
void define_rm(Flags& flags, RmOptions& options) {
  flags.boolean("f,force", options.force, "No error where there is no such volume");
}
Result<int> run_rm(Cli& cli, const RmOptions& options, const Invocation& invocation) {
  Query query;
  query.add_flag("force", options.force);
  return for_each_object(cli, invocation.arguments, Order::kOneByOne,
                         [&](Daemon& daemon, const std::string& name) -> Result<void> {
                           TRY(daemon.remove("/volumes/" + path_of(name), query));
                           return {};
                         });
}

void define_volume_prune(Flags& flags, PruneOptions& options) {
  define_prune(flags, options);
  flags.boolean("a,all", options.all, "All volumes that nothing uses, not only those without a name").api = 42;
}
Result<int> run_prune(Cli& cli, const PruneOptions& options, const Invocation&) {
  Daemon& daemon = *TRY(cli.daemon());
  const bool all = options.all || !TRY(daemon.speaks(42));  // older engines don't tell anonymous ones apart
  return prune_kind(cli, options.force,
                    all ? "WARNING! This will remove all local volumes not used by at least one container."
                        : "WARNING! This will remove anonymous local volumes not used by at least one container.",
                    Total::kShown, [&](Daemon&) { return prune_volumes(daemon, options.filters, options.all); });
}

}  // namespace

constinit const Command kVolumeLs = {.names = {"volume ls", "volume list"},
                                     .synopsis = "[OPTIONS]",
                                     .summary = "List volumes",
                                     .most = 0,
                                     .make = make_task<ListOptions, define_ls, run_ls>};
constinit const Command kVolumeCreate = {.names = {"volume create"},
                                         .synopsis = "[OPTIONS] [VOLUME]",
                                         .summary = "Make a volume",
                                         .most = 1,
                                         .make = make_task<VolumeCreateOptions, define_create, run_create>};
constinit const Command kVolumeInspect = {.names = {"volume inspect"},
                                          .synopsis = "[OPTIONS] VOLUME [VOLUME...]",
                                          .summary = "Show all that is known about volumes",
                                          .least = 1,
                                          .make = make_task<InspectOptions, define_inspect, run_inspect>};
constinit const Command kVolumeRm = {.names = {"volume rm", "volume remove"},
                                     .synopsis = "[OPTIONS] VOLUME [VOLUME...]",
                                     .summary = "Remove volumes that no container uses",
                                     .least = 1,
                                     .make = make_task<RmOptions, define_rm, run_rm>};
constinit const Command kVolumePrune = {.names = {"volume prune"},
                                        .synopsis = "[OPTIONS]",
                                        .summary = "Remove local volumes that nothing uses",
                                        .most = 0,
                                        .make = make_task<PruneOptions, define_volume_prune, run_prune>};

}  // namespace hull::cli
