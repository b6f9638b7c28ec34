#include <algorithm>

#include "cli/commands/filter_flag.h"
#include "cli/commands/image/image.h"
#include "cli/commands/image/pull_image.h"
#include "cli/format/listing.h"
#include "cli/format/units.h"

namespace hull::cli {

namespace {

struct HistoryOptions {
  bool human = true;
  bool no_truncate = false;
  bool quiet = false;
  std::string format;
  std::string platform;
};

void define_history(Flags& flags, HistoryOptions& options) {
  define_list_format(flags, "format", options.format);
  flags.boolean("H,human", options.human, "Sizes and times for people");
  flags.boolean("no-trunc", options.no_truncate, "Don't shorten anything");
  flags.text("platform", options.platform, "History for the platform, \"os[/arch[/variant]]\"").api = 48;
  flags.boolean("q,quiet", options.quiet, "Ids only");
}

struct HistoryRow {
  const json::Value& layer;
  bool truncate;
  bool human;
};

Timestamp created(const HistoryRow& row) { return Timestamp(std::chrono::seconds(number_at(row.layer, "Created"))); }
std::string id_text(const HistoryRow& row) {
  const std::string id = text_at(row.layer, "Id");
  return row.truncate ? std::string(short_id(id)) : id;
}
std::string created_text(const HistoryRow& row) { return rfc3339_local(created(row)); }
std::string since_text(const HistoryRow& row) { return row.human ? human_since(created(row)) : created_text(row); }
std::string by_text(const HistoryRow& row) {
  std::string command = text_at(row.layer, "CreatedBy");
  for (char& c : command)
    if (c == '\t') c = ' ';
  return row.truncate ? ellipsis(command, 45) : command;
}
std::string size_text(const HistoryRow& row) {
  const int64_t size = number_at(row.layer, "Size");
  return row.human ? human_size(static_cast<double>(size), 3) : std::to_string(size);
}
std::string comment_text(const HistoryRow& row) {
  std::string comment = text_at(row.layer, "Comment");
  std::ranges::replace(comment, '\t', ' ');
  return comment;
}

constexpr Column<HistoryRow> kColumns[] = {
    {"ID", "IMAGE", id_text},
    {"CreatedAt", "CREATED AT", created_text},
    {"CreatedSince", "CREATED", since_text},
    {"CreatedBy", "CREATED BY", by_text},
    {"Size", "SIZE", size_text},
    {"Comment", "COMMENT", comment_text},
};

Result<int> run_history(Cli& cli, const HistoryOptions& options, const Invocation& invocation) {
  Query query;
  if (!options.platform.empty()) query.add("platform", platform_json(options.platform));
  const json::Value history =
      TRY(TRY(cli.daemon())->get("/images/" + path_of(invocation.arguments[0]) + "/history", query));
  const std::string wanted = options.format.empty() ? "table" : options.format;
  const std::string when = options.human ? "{{.CreatedSince}}" : "{{.CreatedAt}}";
  const Format format = wanted == "table" && options.quiet
                            ? Format::of("{{.ID}}", "")
                            : Format::of(wanted, "{{.ID}}\\t" + when + "\\t{{.CreatedBy}}\\t{{.Size}}\\t{{.Comment}}");
  std::vector<HistoryRow> rows;
  for (const json::Value& layer : entries_of(history)) rows.push_back({layer, !options.no_truncate, options.human});
  cli.print(TRY(list_rows<HistoryRow>(format, kColumns, rows, "*image.historyContext")));
  return 0;
}

}  // namespace

constinit const Command kHistory = {.names = {"image history", "history"},
                                    .synopsis = "[OPTIONS] IMAGE",
                                    .summary = "Show how an image was made",
                                    .least = 1,
                                    .most = 1,
                                    .make = make_task<HistoryOptions, define_history, run_history>};

}  // namespace hull::cli
