#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "spec/runtime/spec.h"
#include "spec/runtime/state.h"

namespace hull::runtime {

/// Runs the hooks in order, the state on their stdin, their output kept for the error message; the first that fails, or
/// outlives its timeout (and is killed), ends the row.
/// Source: OCI runtime-spec, config.md, "POSIX-platform Hooks".
Result<void> run_hooks(std::string_view name, const std::vector<spec::Hook>& hooks, const spec::RuntimeState& state);
/// One that fails is logged, and the others still run: nothing is left that could be stopped.
void run_hooks_to_the_end(std::string_view name, const std::vector<spec::Hook>& hooks, const spec::RuntimeState& state);

}  // namespace hull::runtime
