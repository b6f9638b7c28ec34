#pragma once

#include "supervisor/metadata/filter.h"
#include "supervisor/metadata/records.h"

namespace hull::supervisor {

/// Keeps its resources from garbage collection while it exists; the label containerd.io/gc.expire ends it at a time.
struct Lease {
  std::string id;
  Labels labels;
  Timestamp created{};
};

/// type: "content", "images", "ingests" or "snapshots/<snapshotter>".
struct LeaseResource {
  std::string type;
  std::string id;
};

/// Errors: kNotFound, kAlreadyExists, kInvalidArgument.
class LeaseStore {
 public:
  explicit LeaseStore(Database& database) : database_(database) {}
  /// Makes an id up where the lease has none.
  Result<Lease> create(const Scope& scope, Lease lease);
  Result<void> remove(const Scope& scope, const std::string& id);
  Result<std::vector<Lease>> list(const Scope& scope, const Filters& filters);
  Result<void> add(const Scope& scope, const std::string& id, const LeaseResource& resource);
  Result<void> release(const Scope& scope, const std::string& id, const LeaseResource& resource);
  Result<std::vector<LeaseResource>> resources(const Scope& scope, const std::string& id);

 private:
  Database& database_;
};

}  // namespace hull::supervisor
