// What starts, ends and holds a container's process.
#include "engine/containers/validate.h"
#include "engine/routes/containers/container_routes.h"

namespace hull::engine::routes {
namespace {

hull::Call call_of(Call& call) { return {call.http().stop_token()}; }

/// A start that was begun goes on when the client leaves: half a container is worth nothing.
hull::Call lasting() { return hull::Call::within(std::chrono::minutes(5)); }
/// So does a stop, to the end of its grace, which may be without end: the signal has been sent.
hull::Call endless() { return {}; }

Result<Lifecycle::StopOptions> stop_options(Call& call) {
  Lifecycle::StopOptions options;
  if (const auto grace = TRY(call.query_integer("t"))) {
    if (*grace > INT32_MAX || *grace < INT32_MIN)
      return invalid_argument("query parameter t: " + std::to_string(*grace) + " is out of range");
    options.grace = std::chrono::seconds(*grace);
  }
  if (const auto signal = call.query("signal"); signal && !signal->empty()) options.signal = TRY(parse_signal(*signal));
  return options;
}

Result<uint32_t> size_of(Call& call, std::string_view name) {
  const auto value = TRY(call.query_integer(name));
  if (!value || *value < 0 || *value > UINT16_MAX)
    return invalid_argument("query parameter " + std::string(name) + ": expected 0 to 65535");
  return static_cast<uint32_t>(*value);
}

}  // namespace

Result<void> start_container(Containers& containers, Call& call) {
  const auto container = TRY(containers.find(call.path("id")));
  TRY(containers.lifecycle().start(lasting(), container));
  return call.reply_empty(204);
}

Result<void> stop_container(Containers& containers, Call& call) {
  const auto container = TRY(containers.find(call.path("id")));
  TRY(containers.lifecycle().stop(endless(), container, TRY(stop_options(call))));
  return call.reply_empty(204);
}

Result<void> restart_container(Containers& containers, Call& call) {
  const auto container = TRY(containers.find(call.path("id")));
  TRY(containers.lifecycle().restart(endless(), container, TRY(stop_options(call))));
  return call.reply_empty(204);
}

Result<void> kill_container(Containers& containers, Call& call) {
  const auto container = TRY(containers.find(call.path("id")));
  const std::string name = call.query("signal").value_or("");
  const int signal = TRY(parse_signal(name.empty() ? "KILL" : name));
  TRY(containers.lifecycle().kill(call_of(call), container, signal));
  return call.reply_empty(204);
}

Result<void> pause_container(Containers& containers, Call& call) {
  TRY(containers.lifecycle().pause(call_of(call), TRY(containers.find(call.path("id")))));
  return call.reply_empty(204);
}

Result<void> unpause_container(Containers& containers, Call& call) {
  TRY(containers.lifecycle().unpause(call_of(call), TRY(containers.find(call.path("id")))));
  return call.reply_empty(204);
}

Result<void> resize_container(Containers& containers, Call& call) {
  const uint32_t height = TRY(size_of(call, "h"));
  const uint32_t width = TRY(size_of(call, "w"));
  TRY(containers.lifecycle().resize(call_of(call), TRY(containers.find(call.path("id"))), width, height));
  return call.reply_empty(200);
}

}  // namespace hull::engine::routes
