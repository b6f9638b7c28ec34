#include "cli/commands/filter_flag.h"
#include "cli/commands/system/df_verbose.h"
#include "cli/commands/system/system.h"
#include "cli/format/listing.h"
#include "cli/format/units.h"

namespace hull::cli {

namespace {

struct DfOptions {
  std::string format;
  bool verbose = false;
};
void define_df(Flags& flags, DfOptions& options) {
  define_list_format(flags, "format", options.format);
  flags.boolean("v,verbose", options.verbose, "Every object, too");
}

/// What objects of one kind take on the disk, in bytes.
struct Usage {
  std::string type;
  int64_t count = 0;
  int64_t active = 0;
  int64_t size = 0;
  int64_t reclaimable = 0;
  bool with_share = true;  ///< shows how much of the size can be freed, in percent
};

std::string type_text(const Usage& row) { return row.type; }
std::string count_text(const Usage& row) { return std::to_string(row.count); }
std::string active_text(const Usage& row) { return std::to_string(row.active); }
std::string size_text(const Usage& row) { return human_size(static_cast<double>(row.size)); }
std::string reclaimable_text(const Usage& row) {
  const std::string free = human_size(static_cast<double>(row.reclaimable));
  if (row.size <= 0 || !row.with_share) return free;
  return free + " (" + std::to_string(row.reclaimable * 100 / row.size) + "%)";
}

constexpr Column<Usage> kColumns[] = {{"Type", "TYPE", type_text},
                                      {"TotalCount", "TOTAL", count_text},
                                      {"Active", "ACTIVE", active_text},
                                      {"Size", "SIZE", size_text},
                                      {"Reclaimable", "RECLAIMABLE", reclaimable_text}};

Usage of_images(const json::Value& answer) {
  Usage usage{.type = "Images", .size = number_at(answer, "LayersSize")};
  int64_t used = 0;
  for (const json::Value& image : entries_of(member_at(answer, "Images"))) {
    ++usage.count;
    if (number_at(image, "Containers") <= 0) continue;
    ++usage.active;
    const int64_t size = number_at(image, "Size"), shared = number_at(image, "SharedSize");
    if (size != -1 && shared != -1) used += size - shared;
  }
  usage.reclaimable = usage.size - used;
  return usage;
}

Usage of_containers(const json::Value& answer) {
  Usage usage{.type = "Containers"};
  for (const json::Value& container : entries_of(member_at(answer, "Containers"))) {
    const std::string state = text_at(container, "State");
    const bool active = state == "running" || state == "paused" || state == "restarting";
    const int64_t size = number_at(container, "SizeRw");
    ++usage.count;
    usage.active += active ? 1 : 0;
    usage.size += size;
    if (!active) usage.reclaimable += size;
  }
  return usage;
}

Usage of_volumes(const json::Value& answer) {
  Usage usage{.type = "Local Volumes"};
  for (const json::Value& volume : entries_of(member_at(answer, "Volumes"))) {
    const json::Value& data = member_at(volume, "UsageData");
    const int64_t size = std::max<int64_t>(number_at(data, "Size"), 0);
    const bool active = number_at(data, "RefCount") > 0;
    ++usage.count;
    usage.active += active ? 1 : 0;
    usage.size += size;
    if (!active) usage.reclaimable += size;
  }
  return usage;
}

Usage of_builds(const json::Value& answer) {
  Usage usage{.type = "Build Cache", .size = number_at(answer, "BuilderSize"), .with_share = false};
  int64_t used = 0;
  for (const json::Value& record : entries_of(member_at(answer, "BuildCache"))) {
    ++usage.count;
    if (!flag_at(record, "InUse")) continue;
    ++usage.active;
    if (!flag_at(record, "Shared")) used += number_at(record, "Size");
  }
  usage.reclaimable = usage.size - used;
  return usage;
}

Result<int> run_df(Cli& cli, const DfOptions& options, const Invocation&) {
  const json::Value answer = TRY(TRY(cli.daemon())->get("/system/df"));
  if (options.verbose) {
    cli.print(TRY(verbose_disk_usage(answer, options.format)));
    return 0;
  }
  const std::vector<Usage> rows = {of_images(answer), of_containers(answer), of_volumes(answer), of_builds(answer)};
  const Format format = Format::of(options.format.empty() ? "table" : options.format,
                                   "{{.Type}}\\t{{.TotalCount}}\\t{{.Active}}\\t{{.Size}}\\t{{.Reclaimable}}");
  cli.print(TRY(list_rows<Usage>(format, kColumns, rows, "*formatter.diskUsageContext")));
  return 0;
}

}  // namespace

constinit const Command kSystemDf = {.names = {"system df"},
                                     .synopsis = "[OPTIONS]",
                                     .summary = "Show what takes how much space",
                                     .most = 0,
                                     .make = make_task<DfOptions, define_df, run_df>};

}  // namespace hull::cli
