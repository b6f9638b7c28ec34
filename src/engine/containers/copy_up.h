#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/root_dir.h"

namespace hull::engine {

/// Where copy_up() gathers its copy, beside the target: what a crash leaves there is nobody's.
inline constexpr std::string_view kCopyUpStage = "_filling-";

/// Copies the directory at `path` inside the image, with owners, modes, times, extended attributes, links, holes and
/// device nodes, into the empty host directory `target`, which also takes its owner and mode. Nothing shows in the
/// target before all is copied, and an entry that somebody else made there meanwhile stays. A path that the image has
/// not, or that is no directory, copies nothing. Links of the image are never followed out of it.
Result<void> copy_up(const RootDir& image, const std::string& path, const std::string& target);

}  // namespace hull::engine
