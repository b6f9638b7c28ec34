#include "cli/commands/prune.h"

#include "cli/commands/system/system.h"

namespace hull::cli {

namespace {

struct SystemPruneOptions {
  PruneOptions prune;
  bool volumes = false;
};
void define_system_prune(Flags& flags, SystemPruneOptions& options) {
  define_prune(flags, options.prune);
  flags.boolean("a,all", options.prune.all, "All images that no container uses, not only those without a name");
  flags.boolean("volumes", options.volumes, "Anonymous volumes, too");
}

std::string warning_text(const SystemPruneOptions& options) {
  std::string out =
      "WARNING! This will remove:\n  - all stopped containers\n  - all networks not used by at least one container\n";
  if (options.volumes) out += "  - all anonymous volumes not used by at least one container\n";
  out += options.prune.all ? "  - all images without at least one container associated to them\n  - all build cache\n"
                           : "  - all dangling images\n  - unused build cache\n";
  if (!options.prune.filters.empty()) {
    out += "\n  Items to be pruned will be filtered with:\n";
    for (const std::string& filter : options.prune.filters) out += "  - " + filter + "\n";
  }
  return out;
}

Result<int> run_system_prune(Cli& cli, const SystemPruneOptions& options, const Invocation&) {
  const auto& filters = options.prune.filters;
  const bool until = encode_filters(filters).find("\"until\"") != std::string::npos;
  if (options.volumes && until)
    return invalid_argument("ERROR: The \"until\" filter is not supported with \"--volumes\"");
  if (!confirm_prune(cli, options.prune.force, warning_text(options))) return 0;
  Daemon& daemon = *TRY(cli.daemon());
  int64_t reclaimed = 0;
  const auto done = [&](const Pruned& pruned) {
    print_pruned(cli, pruned, Total::kHidden);
    reclaimed += pruned.reclaimed;
  };
  done(TRY(prune_containers(daemon, filters)));
  done(TRY(prune_networks(daemon, filters)));
  if (options.volumes) done(TRY(prune_volumes(daemon, filters, false)));
  done(TRY(prune_images(daemon, filters, options.prune.all)));
  auto builds = prune_builds(daemon, filters, options.prune.all);
  if (builds.ok()) done(*builds);
  // An engine that builds nothing has no build cache to prune.
  if (!builds.ok() && !builds.is(Code::kNotFound) && !builds.is(Code::kUnimplemented)) return builds.error();
  print_pruned(cli, {.list = {}, .reclaimed = reclaimed}, Total::kShown);
  return 0;
}

}  // namespace

constinit const Command kSystemPrune = {.names = {"system prune"},
                                        .synopsis = "[OPTIONS]",
                                        .summary = "Remove what nothing uses",
                                        .most = 0,
                                        .make = make_task<SystemPruneOptions, define_system_prune, run_system_prune>};

}  // namespace hull::cli
