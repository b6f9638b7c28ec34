#include "cli/version.h"

namespace hull::cli {

const std::string_view kVersion = HULL_VERSION;
const std::string_view kRevision = HULL_REVISION;
const std::string_view kRevisionTime = HULL_REVISION_TIME;

std::string version_line() {
  return "Hull version " + std::string(kVersion) + (kRevision.empty() ? "" : ", build " + std::string(kRevision));
}

}  // namespace hull::cli
