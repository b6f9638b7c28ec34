#pragma once

#include <memory>
#include <string>
#include <vector>

#include "supervisor/services/introspection_service.h"
#include "supervisor/snapshots/snapshotter.h"

namespace hull::supervisor {

/// Every snapshotter that works here.
struct Snapshotters {
  std::vector<std::unique_ptr<Snapshotter>> owned;
  std::vector<DaemonPart> parts;  ///< all that there are, and why some don't work here
  std::vector<Snapshotter*> all() const;
};

/// Below root, each in a folder of its name.
Result<Snapshotters> open_snapshotters(Database& database, const std::string& root, Flusher& flusher);

}  // namespace hull::supervisor
