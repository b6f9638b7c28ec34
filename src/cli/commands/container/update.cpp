#include "base/text.h"
#include "cli/commands/container/container.h"
#include "cli/commands/objects.h"
#include "cli/format/units.h"
#include "cli/values/resources.h"

namespace hull::cli {

namespace {

/// POST /containers/{id}/update: zero leaves a setting as it is.
struct Update {
  api::Resources resources{};
  api::RestartPolicy restart{};
};
template <class V>
void describe(V& json, Update& update) {
  describe(json, update.resources);
  json.field("RestartPolicy", update.restart);
}

struct UpdateOptions {
  Update update{};
  std::string restart;
  int64_t pids_limit = 0;
};

void define_update(Flags& flags, UpdateOptions& options) {
  auto& r = options.update.resources;
  const auto size = [&](std::string_view names, std::string_view help, int64_t& value) {
    flags.add(names, "bytes", help, [&value](std::string_view text) -> Result<void> {
      value = TRY(parse_size(text));
      return {};
    });
  };
  flags.add("blkio-weight", "uint16", "Share of block I/O, 10 to 1000", [&r](std::string_view text) -> Result<void> {
    r.blkio_weight = static_cast<uint16_t>(TRY(parse_int(text, 17)));
    return {};
  });
  flags.integer("cpu-period", r.cpu_period, "CFS period, microseconds");
  flags.integer("cpu-quota", r.cpu_quota, "CFS quota, microseconds");
  flags.integer("cpu-rt-period", r.cpu_realtime_period, "Real-time period, microseconds");
  flags.integer("cpu-rt-runtime", r.cpu_realtime_runtime, "Real-time run time, microseconds");
  flags.text("cpuset-cpus", r.cpuset_cpus, "Processors that may be used (0-3, 0,1)");
  flags.text("cpuset-mems", r.cpuset_mems, "Memory nodes that may be used (0-3, 0,1)");
  flags.integer("c,cpu-shares", r.cpu_shares, "Share of the processors (relative weight)");
  size("m,memory", "Memory limit", r.memory);
  size("memory-reservation", "Memory to leave it under pressure", r.memory_reservation);
  flags.add("memory-swap", "bytes", "Limit of memory plus swap; -1: none", [&r](std::string_view text) -> Result<void> {
    r.memory_swap = TRY(parse_swap(text));
    return {};
  });
  size("kernel-memory", "Kernel memory limit", r.kernel_memory);
  flags.text("restart", options.restart, "When to start again: no, always, unless-stopped, on-failure[:max]");
  flags.integer("pids-limit", options.pids_limit, "Most processes; -1: no limit");
  flags.add("cpus", "decimal", "Number of processors", [&r](std::string_view text) -> Result<void> {
    r.nano_cpus = TRY(parse_cpus(text));
    return {};
  });
}

Result<int> run_update(Cli& cli, const UpdateOptions& options, const Invocation& invocation) {
  if (!invocation.flags.any_changed())
    return invalid_argument("you must provide one or more flags when using this command");
  Update update = options.update;
  update.restart = TRY(parse_restart(options.restart));
  if (invocation.flags.changed("pids-limit")) update.resources.pids_limit = options.pids_limit;
  const std::string body = json::format(update);
  std::vector<std::string> warnings;
  auto status = for_each_object(
      cli, invocation.arguments, Order::kOneByOne, [&](Daemon& daemon, const std::string& name) -> Result<void> {
        const auto answer = TRY(daemon.post("/containers/" + path_of(name) + "/update", {}, body));
        for (const json::Value& warning : entries_of(member_at(answer, "Warnings")))
          if (warning.is_string()) warnings.emplace_back(std::string_view(warning.get_string()));
        return {};
      });
  if (!warnings.empty()) cli.print_line(join(warnings, "\n"));
  return status;
}

}  // namespace

constinit const Command kUpdate = {.names = {"container update", "update"},
                                   .synopsis = "[OPTIONS] CONTAINER [CONTAINER...]",
                                   .summary = "Change limits and policies of containers",
                                   .least = 1,
                                   .make = make_task<UpdateOptions, define_update, run_update>};

}  // namespace hull::cli
