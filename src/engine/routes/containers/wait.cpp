#include "engine/routes/containers/container_routes.h"

namespace hull::engine::routes {
namespace {

constexpr ApiVersion kHasConditions{1, 30};

Result<Lifecycle::WaitFor> condition_of(Call& call) {
  const std::string condition = call.version() < kHasConditions ? "" : call.query("condition").value_or("");
  if (condition.empty() || condition == "not-running") return Lifecycle::WaitFor::kNotRunning;
  if (condition == "next-exit") return Lifecycle::WaitFor::kNextExit;
  if (condition == "removed") return Lifecycle::WaitFor::kRemoved;
  return invalid_argument("invalid condition: \"" + condition + "\"");
}

}  // namespace

/// The head of the answer goes out at once: a client starts the container only when it knows that it is being waited
/// for.
Result<void> wait_container(Containers& containers, Call& call) {
  const auto condition = TRY(condition_of(call));
  const auto container = TRY(containers.find(call.path("id")));
  auto wait = containers.lifecycle().begin_wait(container, condition);
  if (call.version() >= kHasConditions) TRY(call.http().begin_stream(200, "application/json"));
  const auto code = wait({call.http().stop_token()});
  api::WaitResult result;
  if (code.ok()) {
    result.status_code = *code;
    // Why it does not run: its last start went wrong.
    const std::string why = container->record()->state.error;
    if (condition == Lifecycle::WaitFor::kNotRunning && !why.empty()) result.error = api::WaitError{why};
  } else if (!call.http().answered()) {
    return code.error();
  } else {
    result.error = api::WaitError{code.error().message()};
  }
  if (!call.http().answered()) return call.reply(200, result);
  TRY(call.http().write(json::format(result) + "\n"));
  return call.http().end_stream();
}

}  // namespace hull::engine::routes
