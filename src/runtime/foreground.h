#pragma once

#include <optional>

#include "base/fd.h"
#include "base/result.h"
#include "linux/namespaces.h"
#include "spec/runtime/process.h"

namespace hull::runtime {

/// The size of the terminal that is our stdin, which a program that looks at its own first of all is to find; nullopt
/// where it is none.
std::optional<spec::ConsoleSize> own_terminal_size();

/// Signals that a runtime in the foreground hands on to the container, blocked from here on so that none is lost.
Result<UniqueFd> block_forwarded_signals();

/// Stays until the process ends: hands signals on and, with a terminal, copies between it and ours (set raw, put back
/// at the end; its size follows ours). Returns the exit code: 128 + n after signal n.
Result<int> accompany_foreground(const linux::Child& child, FdRef signals, UniqueFd terminal);

}  // namespace hull::runtime
