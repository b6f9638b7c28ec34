#include "cli/commands/container/stats_row.h"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>

#include "cli/commands/container/container.h"
#include "cli/commands/filter_flag.h"
#include "cli/commands/list_options.h"
#include "cli/format/listing.h"

namespace hull::cli {

namespace {

struct StatsOptions {
  bool all = false;
  bool no_stream = false;
  bool no_truncate = false;
  std::string format;
};

void define_stats(Flags& flags, StatsOptions& options) {
  flags.boolean("a,all", options.all, "All containers, not only running ones");
  define_list_format(flags, "format", options.format);
  flags.boolean("no-stream", options.no_stream, "Show it once");
  flags.boolean("no-trunc", options.no_truncate, "Don't shorten anything");
}

constexpr std::string_view kTable =
    "{{.ID}}\\t{{.Name}}\\t{{.CPUPerc}}\\t{{.MemUsage}}\\t{{.MemPerc}}\\t{{.NetIO}}\\t{{.BlockIO}}\\t{{.PIDs}}";
constexpr std::chrono::milliseconds kRefresh{1000};

class Stats {
 public:
  Stats(Cli& cli, Daemon& daemon, const StatsOptions& options, const std::vector<std::string>& names)
      : cli_(cli), daemon_(daemon), options_(options), names_(names) {
    std::string wanted = options.format;
    if (wanted.empty()) wanted = cli.config().text("statsFormat");
    format_ = Format::of(wanted.empty() ? "table" : wanted, kTable);
  }

  Result<int> once() {
    // The engine takes two samples, a second apart, so that it can tell the use of the processors.
    TRY(sample(Query().add("stream", "0")));
    if (!names_.empty()) TRY(first_problem());
    cli_.print(TRY(render()));
    return 0;
  }

  Result<int> forever() {
    const bool screen = cli_.output_is_terminal();
    for (;;) {
      const auto next = std::chrono::steady_clock::now() + kRefresh;
      TRY(sample(Query().add("stream", "0").add("one-shot", "1")));
      if (!names_.empty()) TRY(first_problem());
      cli_.print(screen ? "\x1b[H" + on_screen(TRY(render())) + "\x1b[J" : TRY(render()));
      TRY(cli_.flush());
      wait_until(next);
    }
  }

 private:
  /// Ends each line so that what stood there before goes.
  static std::string on_screen(const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '\n' ? "\x1b[K\n" : std::string(1, c);
    return out;
  }

  static void wait_until(std::chrono::steady_clock::time_point time) {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock lock(mutex);
    never.wait_until(lock, time, [] { return false; });
  }

  Result<std::vector<std::string>> containers() {
    if (!names_.empty()) return names_;
    Query query;
    query.add_flag("all", options_.all);
    const json::Value list = TRY(daemon_.get("/containers/json", query));
    std::vector<std::string> ids;
    for (const json::Value& container : entries_of(list)) ids.push_back(text_at(container, "Id"));
    return ids;
  }

  Result<void> sample(const Query& query) {
    const auto ids = TRY(containers());
    std::vector<StatsRow> rows(ids.size());
    std::vector<Result<json::Value>> answers(ids.size(), json::Value());
    in_parallel(ids.size(),
                [&](size_t i) { answers[i] = daemon_.get("/containers/" + path_of(ids[i]) + "/stats", query); });
    problems_.clear();
    for (size_t i = 0; i < ids.size(); ++i) {
      if (!answers[i].ok()) problems_.push_back(answers[i].error().message());
      rows[i] = answers[i].ok() ? make_stats_row(*answers[i], samples_[ids[i]]) : StatsRow{};
      rows[i].container = ids[i];
      rows[i].truncate = !options_.no_truncate;
    }
    rows_ = std::move(rows);
    return {};
  }

  Result<void> first_problem() const {
    if (problems_.empty()) return {};
    return Error(Code::kUnknown, problems_.front());
  }

  Result<std::string> render() const {
    auto text = list_rows<StatsRow>(format_, stats_columns(), rows_, "*container.statsContext");
    if (!text.ok()) return worded_as_inspect(text.error());
    return text;
  }

  Cli& cli_;
  Daemon& daemon_;
  const StatsOptions& options_;
  const std::vector<std::string>& names_;
  Format format_;
  std::map<std::string, CpuSample> samples_;
  std::vector<StatsRow> rows_;
  std::vector<std::string> problems_;
};

Result<int> run_stats(Cli& cli, const StatsOptions& options, const Invocation& invocation) {
  Stats stats(cli, *TRY(cli.daemon()), options, invocation.arguments);
  return options.no_stream ? stats.once() : stats.forever();
}

}  // namespace

constinit const Command kStats = {.names = {"container stats", "stats"},
                                  .synopsis = "[OPTIONS] [CONTAINER...]",
                                  .summary = "Show what containers use, as it changes",
                                  .make = make_task<StatsOptions, define_stats, run_stats>};

}  // namespace hull::cli
