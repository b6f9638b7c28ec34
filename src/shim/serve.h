#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "shim/arguments.h"

namespace hull::shim {

struct ServePlace {
  std::string socket;   ///< the listener's path, removed at the end
  UniqueFd permission;  ///< a pipe from who started us: closed without a byte, nobody knows of us; may be invalid
};

/// Serves the task API on the listening socket until a client asks for the end: one thread, one loop.
Result<void> run_server(const Arguments& arguments, UniqueFd listener, ServePlace place);

}  // namespace hull::shim
