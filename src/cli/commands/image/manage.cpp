#include "cli/commands/image/image.h"
#include "cli/commands/image/pull_image.h"
#include "cli/commands/inspect.h"
#include "cli/commands/prune.h"
#include "spec/image/reference.h"

namespace hull::cli {

namespace {

struct InspectOptions {
  std::string format;
  std::string platform;
};
void define_inspect(Flags& flags, InspectOptions& options) {
  define_object_format(flags, "f,format", options.format);
  flags.text("platform", options.platform, "One platform of the image, \"os[/arch[/variant]]\"").api = 49;
}
Result<int> run_inspect(Cli& cli, const InspectOptions& options, const Invocation& invocation) {
  Query query;
  if (!options.platform.empty()) query.add("platform", platform_json(options.platform));
  return inspect_kind(cli, invocation.arguments, options.format, {"/images/", "/json"}, query);
}

Result<int> run_tag(Cli& cli, const NoOptions&, const Invocation& invocation) {
  const auto target = TRY(image::Reference::parse(invocation.arguments[1]));
  if (target.digest()) return invalid_argument("refusing to create a tag with a digest reference");
  Query query;
  query.add("repo", target.familiar_name()).add("tag", *target.with_default_tag().tag());
  TRY(TRY(cli.daemon())->post("/images/" + path_of(invocation.arguments[0]) + "/tag", query));
  return 0;
}

struct RmiOptions {
  bool force = false;
  bool no_prune = false;
  std::vector<std::string> platforms;
};
void define_rmi(Flags& flags, RmiOptions& options) {
  flags.boolean("f,force", options.force, "Remove it also where it is in use");
  flags.boolean("no-prune", options.no_prune, "Keep parents without a name");
  flags.strings("platform", options.platforms, "This platform of the image only, \"os[/arch[/variant]]\"").api = 50;
}
Result<int> run_rmi(Cli& cli, const RmiOptions& options, const Invocation& invocation) {
  Daemon& daemon = *TRY(cli.daemon());
  Query query;
  query.add_flag("force", options.force).add_flag("noprune", options.no_prune);
  for (const std::string& platform : options.platforms) query.add("platforms", platform_json(platform));
  std::string problems;
  bool fatal = false;
  for (const std::string& name : invocation.arguments) {
    const auto removed = daemon.remove("/images/" + path_of(name), query);
    if (!removed.ok()) {
      fatal = fatal || !removed.is(Code::kNotFound);
      problems.append(problems.empty() ? "" : "\n").append(removed.error().message());
      continue;
    }
    for (const json::Value& entry : entries_of(*removed)) {
      const std::string deleted = text_at(entry, "Deleted");
      cli.print_line(deleted.empty() ? "Untagged: " + text_at(entry, "Untagged") : "Deleted: " + deleted);
    }
  }
  if (problems.empty()) return 0;
  if (!options.force || fatal) return Error(Code::kUnknown, problems);
  cli.complain(problems);  // gone is what was asked for
  return 0;
}

void define_image_prune(Flags& flags, PruneOptions& options) {
  define_prune(flags, options);
  flags.boolean("a,all", options.all, "All images that no container uses, not only those without a name");
}
Result<int> run_prune(Cli& cli, const PruneOptions& options, const Invocation&) {
  return prune_kind(cli, options.force,
                    options.all
                        ? "WARNING! This will remove all images without at least one container associated to them."
                        : "WARNING! This will remove all dangling images.",
                    Total::kShown, [&](Daemon& daemon) { return prune_images(daemon, options.filters, options.all); });
}

}  // namespace

constinit const Command kImageInspect = {.names = {"image inspect"},
                                         .synopsis = "[OPTIONS] IMAGE [IMAGE...]",
                                         .summary = "Show all that is known about images",
                                         .least = 1,
                                         .make = make_task<InspectOptions, define_inspect, run_inspect>};
constinit const Command kTag = {.names = {"image tag", "tag"},
                                .synopsis = "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
                                .summary = "Give an image a further name",
                                .least = 2,
                                .most = 2,
                                .make = make_task<NoOptions, define_none, run_tag>};
constinit const Command kRmi = {.names = {"image rm", "image remove", "rmi"},
                                .synopsis = "[OPTIONS] IMAGE [IMAGE...]",
                                .summary = "Remove images",
                                .least = 1,
                                .make = make_task<RmiOptions, define_rmi, run_rmi>};
constinit const Command kImagePrune = {.names = {"image prune"},
                                       .synopsis = "[OPTIONS]",
                                       .summary = "Remove images that nothing uses",
                                       .most = 0,
                                       .make = make_task<PruneOptions, define_image_prune, run_prune>};

}  // namespace hull::cli
