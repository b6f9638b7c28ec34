#pragma once

#include "supervisor/metadata/containers.h"
#include "supervisor/metadata/filter.h"
#include "supervisor/metadata/records.h"

namespace hull::supervisor {

/// What a pod is made from.
struct SandboxRecord {
  std::string id;
  Labels labels;
  std::string runtime;
  OpaqueValue runtime_options;
  OpaqueValue spec;
  std::map<std::string, OpaqueValue> extensions;
  std::string sandboxer;  ///< the controller that runs it; fixed once made
  Timestamp created{};
  Timestamp updated{};
};

/// Errors: kNotFound, kAlreadyExists, kInvalidArgument.
class SandboxStore {
 public:
  explicit SandboxStore(Database& database) : database_(database) {}
  Result<SandboxRecord> get(const Scope& scope, const std::string& id);
  Result<std::vector<SandboxRecord>> list(const Scope& scope, const Filters& filters);
  Result<SandboxRecord> create(const Scope& scope, SandboxRecord record);
  Result<SandboxRecord> update(const Scope& scope, const SandboxRecord& record, const Mask& mask);
  Result<void> remove(const Scope& scope, const std::string& id);

 private:
  Database& database_;
};

}  // namespace hull::supervisor
