#include "cli/commands/prune.h"

#include "cli/format/units.h"

namespace hull::cli {

namespace {

Result<json::Value> prune(Daemon& daemon, std::string_view path, const std::vector<std::string>& filters,
                          Query query = {}) {
  query.add_unless_empty("filters", encode_filters(filters));
  return daemon.post(path, query);
}

std::string titled(std::string_view title, const json::Value& names) {
  std::string out;
  for (const json::Value& name : entries_of(names))
    if (name.is_string()) out.append(std::string_view(name.get_string())).append("\n");
  return out.empty() ? "" : std::string(title) + ":\n" + out;
}

}  // namespace

void define_prune(Flags& flags, PruneOptions& options) {
  define_filter(flags, "filter", options.filters);
  flags.boolean("f,force", options.force, "Don't ask first");
}

Result<Pruned> prune_containers(Daemon& daemon, const std::vector<std::string>& filters) {
  const json::Value report = TRY(prune(daemon, "/containers/prune", filters));
  return Pruned{titled("Deleted Containers", member_at(report, "ContainersDeleted")),
                number_at(report, "SpaceReclaimed")};
}

Result<Pruned> prune_images(Daemon& daemon, std::vector<std::string> filters, bool all) {
  filters.push_back(all ? "dangling=false" : "dangling=true");
  const json::Value report = TRY(prune(daemon, "/images/prune", filters));
  Pruned pruned{.list = {}, .reclaimed = number_at(report, "SpaceReclaimed")};
  for (const json::Value& image : entries_of(member_at(report, "ImagesDeleted"))) {
    const std::string untagged = text_at(image, "Untagged");
    pruned.list += untagged.empty() ? "deleted: " + text_at(image, "Deleted") + "\n" : "untagged: " + untagged + "\n";
  }
  if (!pruned.list.empty()) pruned.list.insert(0, "Deleted Images:\n");
  return pruned;
}

Result<Pruned> prune_networks(Daemon& daemon, const std::vector<std::string>& filters) {
  const json::Value report = TRY(prune(daemon, "/networks/prune", filters));
  return Pruned{titled("Deleted Networks", member_at(report, "NetworksDeleted")), 0};
}

Result<Pruned> prune_volumes(Daemon& daemon, std::vector<std::string> filters, bool all) {
  if (all) filters.push_back("all=true");
  const json::Value report = TRY(prune(daemon, "/volumes/prune", filters));
  return Pruned{titled("Deleted Volumes", member_at(report, "VolumesDeleted")), number_at(report, "SpaceReclaimed")};
}

Result<Pruned> prune_builds(Daemon& daemon, const std::vector<std::string>& filters, bool all) {
  Query query;
  query.add_flag("all", all);
  const json::Value report = TRY(prune(daemon, "/build/prune", filters, query));
  return Pruned{titled("Deleted build cache objects", member_at(report, "CachesDeleted")),
                number_at(report, "SpaceReclaimed")};
}

bool confirm_prune(Cli& cli, bool force, std::string_view warning) {
  return force || cli.confirm(std::string(warning) + "\nAre you sure you want to continue?");
}

void print_pruned(Cli& cli, const Pruned& pruned, Total total) {
  if (!pruned.list.empty()) cli.print_line(pruned.list);
  if (total == Total::kShown)
    cli.print_line("Total reclaimed space: " + human_size(static_cast<double>(pruned.reclaimed)));
}

Result<int> prune_kind(Cli& cli, bool force, std::string_view warning, Total total,
                       const std::function<Result<Pruned>(Daemon&)>& prune) {
  if (confirm_prune(cli, force, warning)) print_pruned(cli, TRY(prune(*TRY(cli.daemon()))), total);
  return 0;
}

}  // namespace hull::cli
