#include <condition_variable>
#include <mutex>

#include "engine/routes/containers/container_routes.h"

namespace hull::engine::routes {
namespace {

constexpr std::chrono::seconds kInterval{1};

/// One line a second until the client leaves or the container is removed.
Result<void> stream_stats(StatsSampler& stats, const ContainerPtr& container, Call& call) {
  TRY(call.http().begin_stream(200, "application/json"));
  api::ContainerStats last;
  for (;;) {
    const auto current = stats.sample(*container);
    TRY(call.http().write(json::format(with_previous(*current, last)) + "\n"));
    last = *current;
    const auto removed =
        container->wait(hull::Call::within(kInterval, call.http().stop_token()),
                        [](const ContainerRecord&, const Container::Moment& moment) { return moment.removed; });
    if (removed.ok()) return call.http().end_stream();
    if (!removed.is(Code::kDeadlineExceeded)) return removed.error();
  }
}

}  // namespace

Result<void> container_stats(Containers& containers, StatsSampler& stats, Call& call) {
  const auto container = TRY(containers.find(call.path("id")));
  const bool one_shot = call.query_bool("one-shot");
  if (call.query_bool("stream", true)) {
    if (one_shot) return invalid_argument("cannot have stream=true and one-shot=true");
    return stream_stats(stats, container, call);
  }
  if (one_shot) return call.reply(200, *stats.sample(*container));
  return call.reply(200, TRY(stats.sample_with_previous({call.http().stop_token()}, *container)));
}

}  // namespace hull::engine::routes
