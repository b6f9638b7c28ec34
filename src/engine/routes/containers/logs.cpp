#include <algorithm>

#include "base/text.h"
#include "engine/routes/containers/container_routes.h"
#include "engine/routes/containers/log_stream.h"
#include "engine/routes/containers/stream_type.h"

namespace hull::engine::routes {
namespace {

/// Of years far off; beyond them a nanosecond count would overflow.
constexpr int64_t kLastSecond = 9'000'000'000;

/// "1136073600" or "1136073600.000000001", also before the epoch.
std::optional<Timestamp> seconds_of(std::string_view text) {
  const auto parts = cut(text, ".");
  const auto seconds = parse_integer<int64_t>(parts ? parts->before : text);
  if (!seconds) return std::nullopt;
  int64_t nanoseconds = 0;
  if (parts) {
    if (!std::all_of(parts->after.begin(), parts->after.end(), [](char c) { return c >= '0' && c <= '9'; }) ||
        parts->after.empty())
      return std::nullopt;
    std::string fraction(parts->after.substr(0, 9));
    fraction.resize(9, '0');
    nanoseconds = parse_integer<int64_t>(fraction).value_or(0);
  }
  return Timestamp(std::chrono::seconds(std::clamp(*seconds, -kLastSecond, kLastSecond)) +
                   std::chrono::nanoseconds(nanoseconds));
}

/// Seconds since the epoch with a fraction, or RFC 3339; zero and nothing mean absent.
Result<std::optional<Timestamp>> moment_of(Call& call, std::string_view name) {
  const std::string text = call.query(name).value_or("");
  if (text.empty() || text == "0") return std::optional<Timestamp>();
  if (const auto moment = seconds_of(text)) return moment;
  const auto moment = parse_rfc3339(text);
  if (!moment.ok()) return invalid_argument("invalid value for \"" + std::string(name) + "\": " + text);
  return *moment;
}

Result<logs::ReadOptions> read_options(Call& call) {
  logs::ReadOptions options;
  options.out = call.query_bool("stdout");
  options.err = call.query_bool("stderr");
  if (!options.out && !options.err) return invalid_argument("Bad parameters: you must choose at least one stream");
  options.since = TRY(moment_of(call, "since"));
  options.until = TRY(moment_of(call, "until"));
  const std::string tail = call.query("tail").value_or("all");
  // As Docker, which takes what is no number for "all".
  if (const auto count = parse_integer<int64_t>(tail); count && *count >= 0) options.tail = *count;
  return options;
}

}  // namespace

Result<void> container_logs(Containers& containers, Call& call) {
  const auto options = TRY(read_options(call));
  const auto container = TRY(containers.find(call.path("id")));
  const RecordPtr record = container->record();
  if (record->state.phase == Phase::kRemoving || record->state.phase == Phase::kDead)
    return conflict("can not get logs from container which is dead or marked for removal");
  if (record->host.log_config.type == "none")
    return unimplemented("configured logging driver does not support reading");
  const bool tty = record->config.tty;
  LogStream stream(call.http(), {.framing = tty ? stdio::Framing::kRaw : stdio::Framing::kFrames,
                                 .timestamps = call.query_bool("timestamps"),
                                 .details = call.query_bool("details")});
  const auto progress = call.query_bool("follow") ? container->log_progress() : nullptr;
  TRY(call.http().begin_stream(200, stream_type(call, tty)));
  hull::Call reading{call.http().stop_token()};
  if (options.until && progress)
    reading.deadline = std::chrono::steady_clock::now() + std::max(*options.until - now(), std::chrono::nanoseconds(0));
  TRY(logs::read_log(containers.registry().log_path(*record), options, progress, reading, stream));
  return call.http().end_stream();
}

}  // namespace hull::engine::routes
