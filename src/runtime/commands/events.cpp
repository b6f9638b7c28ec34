#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/sys.h"
#include "runtime/commands/command.h"
#include "runtime/intel_rdt.h"
#include "runtime/oom_watch.h"
#include "runtime/stats.h"

namespace hull::runtime {
namespace {

constexpr Flag kFlags[] = {
    {"stats", 0, Flag::Kind::kSwitch, "print the statistics once"},
    {"interval", 0, Flag::Kind::kText, "time between statistics (default: 5s)"},
};

struct StatsEvent {
  std::string type = "stats";
  std::string id;
  Stats data{};
};
template <class V>
void describe(V& json, StatsEvent& event) {
  json.field("type", event.type);
  json.field("id", event.id);
  json.field("data", event.data);
}

struct OomEvent {
  std::string type = "oom";
  std::string id{};
};
template <class V>
void describe(V& json, OomEvent& event) {
  json.field("type", event.type);
  json.field("id", event.id);
}

Result<void> print_stats(const Record& record) {
  StatsEvent event{.id = record.id};
  event.data = read_stats(linux::Cgroup(record.cgroup_paths));
  event.data.intel_rdt = read_rdt_stats(record);
  return print(json::format(event) + "\n");
}

Result<void> print_oom(const Record& record) {
  OomEvent event;
  event.id = record.id;
  return print(json::format(event) + "\n");
}

/// Statistics at each interval and OOM notices between them, until the cgroup is gone or init has ended.
Result<void> stream(const Record& record, OomWatch& oom, std::chrono::milliseconds interval) {
  using Clock = std::chrono::steady_clock;
  const UniqueFd init = TRY(sys::pidfd_open(record.init_pid));
  auto next = Clock::now() + interval;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next - Clock::now());
    pollfd waits[] = {{init.get(), POLLIN, 0}, {oom.fd().get(), POLLIN, 0}};
    const int ready = ::poll(waits, 2, static_cast<int>(std::clamp<int64_t>(left.count(), 0, INT_MAX)));
    if (ready == -1 && errno != EINTR) return Error::from_errno(errno, "poll");
    // The notice of what killed init may come with its end.
    if (waits[1].revents || waits[0].revents) {
      const auto seen = TRY(oom.look());
      if (seen == OomWatch::Seen::kOom) TRY(print_oom(record));
      if (seen == OomWatch::Seen::kGone || waits[0].revents) return {};
    }
    if (Clock::now() < next) continue;
    TRY(print_stats(record));
    next += interval;
  }
}

Result<int> run(Context& context, const Flags& flags) {
  const auto directory = TRY(context.store.look(flags.arguments[0]));
  const Record record = TRY(directory.read_record());
  const auto interval = TRY(parse_go_duration(flags.text("interval", "5s")));
  if (interval.count() <= 0) return invalid_argument("duration interval must be greater than 0");
  if (TRY(status_of(record, directory)) == spec::ContainerStatus::kStopped)
    return failed_precondition("container with id " + record.id + " is not running");
  if (flags.is_set("stats")) {
    TRY(print_stats(record));
    return 0;
  }
  OomWatch oom = TRY(OomWatch::start(linux::Cgroup(record.cgroup_paths)));
  TRY(stream(record, oom, std::chrono::ceil<std::chrono::milliseconds>(interval)));
  return 0;
}

}  // namespace

extern const Command kEventsCommand = {
    .name = "events",
    .arguments = "<container-id>",
    .help = "print a container's statistics and OOM notices as JSON lines",
    .flags = kFlags,
    .failure_prefix = "",
    .run = run,
};

}  // namespace hull::runtime
