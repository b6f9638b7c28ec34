#pragma once

#include <functional>

#include "archive/stream.h"

namespace hull::archive {

using Consumer = std::function<Result<void>(Source&)>;

/// Gives both consumers all bytes of the source, at the slower one's pace: `here` reads it on this thread, `beside` on
/// one of its own. Where one fails or ends early, the other gets an error instead of the rest.
/// Errors: those of `beside`, else those of `here`.
Result<void> share(Source& source, const Consumer& here, const Consumer& beside);

}  // namespace hull::archive
