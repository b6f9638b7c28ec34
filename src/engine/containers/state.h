#pragma once

#include <array>
#include <optional>
#include <string>

#include "api/container/inspect.h"
#include "base/json.h"
#include "base/time.h"

namespace hull::engine {

/// Where a container is in its life. The words are Docker's.
enum class Phase { kCreated, kRunning, kPaused, kRestarting, kExited, kRemoving, kDead };

/// kRestarting: it ended and waits for its next start. kDead: its removal went wrong half way.
struct PhaseEdge {
  Phase from;
  Phase to;
};
inline constexpr PhaseEdge kPhaseEdges[] = {
    {Phase::kCreated, Phase::kRunning},    {Phase::kCreated, Phase::kRemoving},  {Phase::kCreated, Phase::kExited},
    {Phase::kRunning, Phase::kPaused},     {Phase::kRunning, Phase::kExited},    {Phase::kRunning, Phase::kRestarting},
    {Phase::kPaused, Phase::kRunning},     {Phase::kPaused, Phase::kExited},     {Phase::kPaused, Phase::kRestarting},
    {Phase::kRestarting, Phase::kRunning}, {Phase::kRestarting, Phase::kExited}, {Phase::kRestarting, Phase::kRemoving},
    {Phase::kExited, Phase::kRunning},     {Phase::kExited, Phase::kRemoving},   {Phase::kRemoving, Phase::kDead},
    {Phase::kDead, Phase::kRemoving},
};
constexpr bool allowed(Phase from, Phase to) {
  if (from == to) return true;
  for (const PhaseEdge& edge : kPhaseEdges)
    if (edge.from == from && edge.to == to) return true;
  return false;
}
static_assert(!allowed(Phase::kRemoving, Phase::kRunning) && !allowed(Phase::kDead, Phase::kRunning));
static_assert(!allowed(Phase::kRunning, Phase::kRemoving) && !allowed(Phase::kCreated, Phase::kPaused));

/// Whether a process of the container exists.
constexpr bool is_live(Phase phase) { return phase == Phase::kRunning || phase == Phase::kPaused; }

struct RunState {
  Phase phase = Phase::kCreated;
  int64_t pid = 0;
  int64_t exit_code = 0;
  std::string error;  ///< why the last start went wrong
  bool oom_killed = false;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> finished_at;
  int64_t restart_count = 0;
  std::optional<api::Health> health;  ///< where it has a check, once it was started
  bool resume_when_adopted = false;   ///< paused for a while by the engine itself: the next one lets it go on
  bool stopped_by_user = false;       ///< no restart policy starts it again, but "always" when the engine starts
};

}  // namespace hull::engine

template <>
struct hull::json::EnumNames<hull::engine::Phase> {
  using Phase = hull::engine::Phase;
  static constexpr std::pair<Phase, std::string_view> values[] = {
      {Phase::kCreated, "created"}, {Phase::kRunning, "running"},
      {Phase::kPaused, "paused"},   {Phase::kRestarting, "restarting"},
      {Phase::kExited, "exited"},   {Phase::kRemoving, "removing"},
      {Phase::kDead, "dead"},
  };
};

namespace hull::engine {

template <class V>
void describe(V& json, RunState& state) {
  json.field("phase", state.phase);
  json.omit_empty("pid", state.pid);
  json.omit_empty("exit_code", state.exit_code);
  json.omit_empty("error", state.error);
  json.omit_empty("oom_killed", state.oom_killed);
  json.field("started_at", state.started_at);
  json.field("finished_at", state.finished_at);
  json.omit_empty("restart_count", state.restart_count);
  json.optional("health", state.health);
  json.omit_empty("resume_when_adopted", state.resume_when_adopted);
  json.omit_empty("stopped_by_user", state.stopped_by_user);
}

}  // namespace hull::engine
