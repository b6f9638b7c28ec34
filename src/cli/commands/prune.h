#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/commands/filter_flag.h"

/// What the prune commands have in common.
namespace hull::cli {

struct PruneOptions {
  bool all = false;
  bool force = false;
  std::vector<std::string> filters;
};
void define_prune(Flags& flags, PruneOptions& options);

/// What a prune removed.
struct Pruned {
  std::string list;  ///< with its title; empty where nothing was removed
  int64_t reclaimed = 0;
};

/// Filters of the configuration's pruneFilters are not added: what the user sees is what is sent.
Result<Pruned> prune_containers(Daemon& daemon, const std::vector<std::string>& filters);
Result<Pruned> prune_images(Daemon& daemon, std::vector<std::string> filters, bool all);
Result<Pruned> prune_networks(Daemon& daemon, const std::vector<std::string>& filters);
Result<Pruned> prune_volumes(Daemon& daemon, std::vector<std::string> filters, bool all);
/// The build cache.
Result<Pruned> prune_builds(Daemon& daemon, const std::vector<std::string>& filters, bool all);

/// Asks, unless forced. False where the answer is no "y".
bool confirm_prune(Cli& cli, bool force, std::string_view warning);
enum class Total { kShown, kHidden };
void print_pruned(Cli& cli, const Pruned& pruned, Total total);
/// A command that prunes one kind: asks, prunes, prints. Declined, it does nothing, which is no error.
Result<int> prune_kind(Cli& cli, bool force, std::string_view warning, Total total,
                       const std::function<Result<Pruned>(Daemon&)>& prune);

}  // namespace hull::cli
