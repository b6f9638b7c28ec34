#include "cli/commands/container/container.h"
#include "cli/commands/inspect.h"
#include "cli/commands/prune.h"

namespace hull::cli {

namespace {

struct InspectOptions {
  std::string format;
  bool size = false;
};
void define_inspect(Flags& flags, InspectOptions& options) {
  define_object_format(flags, "f,format", options.format);
  flags.boolean("s,size", options.size, "Total file sizes");
}
Result<int> run_inspect(Cli& cli, const InspectOptions& options, const Invocation& invocation) {
  Query query;
  query.add_flag("size", options.size);
  return inspect_kind(cli, invocation.arguments, options.format, {"/containers/", "/json"}, query);
}

Result<int> run_prune(Cli& cli, const PruneOptions& options, const Invocation&) {
  return prune_kind(cli, options.force, "WARNING! This will remove all stopped containers.", Total::kShown,
                    [&](Daemon& daemon) { return prune_containers(daemon, options.filters); });
}

}  // namespace

constinit const Command kContainerInspect = {.names = {"container inspect"},
                                             .synopsis = "[OPTIONS] CONTAINER [CONTAINER...]",
                                             .summary = "Show all that is known about containers",
                                             .least = 1,
                                             .make = make_task<InspectOptions, define_inspect, run_inspect>};
constinit const Command kContainerPrune = {.names = {"container prune"},
                                           .synopsis = "[OPTIONS]",
                                           .summary = "Remove all stopped containers",
                                           .most = 0,
                                           .make = make_task<PruneOptions, define_prune, run_prune>};

}  // namespace hull::cli
