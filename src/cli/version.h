#pragma once

#include <string>
#include <string_view>

namespace hull::cli {

constexpr std::string_view kNewestApi = "1.51";

/// Of this build, fixed when it was configured.
extern const std::string_view kVersion;
extern const std::string_view kRevision;      ///< short hash, empty outside of a clone
extern const std::string_view kRevisionTime;  ///< RFC 3339

/// What `hull --version` prints.
std::string version_line();

}  // namespace hull::cli
