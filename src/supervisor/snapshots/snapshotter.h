#pragma once

#include <atomic>
#include <memory>
#include <set>

#include "base/daemon/thread_pool.h"
#include "base/guarded.h"
#include "supervisor/disk/flusher.h"
#include "supervisor/metadata/filter.h"
#include "supervisor/metadata/records.h"
#include "supervisor/snapshots/driver.h"

namespace hull::supervisor {

struct SnapshotInfo {
  std::string key;
  std::string parent;
  SnapshotKind kind = SnapshotKind::kActive;
  Labels labels;
  Timestamp created{};
  Timestamp updated{};
};

/// The life of a snapshot:
///
///     prepare(key, parent) -> active --commit(name)--> committed --prepare(…, name)--> active …
///     view(key, parent)    -> view
///     any without children --remove--> gone
///
/// An active one is written through its mounts; committing gives it a new name and makes it read-only for good. Keys
/// belong to a namespace, parents are committed snapshots of the same one. A record exists only while its directories
/// do: they are made before it and removed after it, and what a crash leaves behind is removed on the next start. A
/// committed one is on disk a little later; one that wasn't when the machine stopped is removed on the next start, too.
class Snapshotter {
 public:
  /// Removes leftovers. The flusher is stopped before the snapshotter goes.
  static Result<std::unique_ptr<Snapshotter>> open(Database& database, std::unique_ptr<SnapshotDriver> driver,
                                                   Flusher& flusher);

  std::string_view name() const { return driver_->name(); }
  const std::string& root() const { return driver_->root(); }
  /// Whether the labels containerd.io/snapshot/uidmapping and gidmapping do something.
  bool maps_ids() const { return driver_->maps_ids(); }

  /// Errors: kAlreadyExists; kNotFound: no such parent; kInvalidArgument: the parent is not committed.
  Result<std::vector<Mount>> prepare(const Scope& scope, const std::string& key, const std::string& parent,
                                     const Labels& labels);
  Result<std::vector<Mount>> view(const Scope& scope, const std::string& key, const std::string& parent,
                                  const Labels& labels);
  /// Errors: kNotFound; kFailedPrecondition: it is committed.
  Result<std::vector<Mount>> mounts(const Scope& scope, const std::string& key);
  /// Errors: kNotFound; kAlreadyExists; kFailedPrecondition: it is not active.
  Result<void> commit(const Scope& scope, const std::string& name, const std::string& key, const Labels& labels);
  /// The directories go later, on another thread. Errors: kNotFound; kFailedPrecondition: it has children.
  Result<void> remove(const Scope& scope, const std::string& key);
  Result<SnapshotInfo> stat(const Scope& scope, const std::string& key);
  Result<SnapshotInfo> update(const Scope& scope, const SnapshotInfo& info, const Mask& mask);
  Result<std::vector<SnapshotInfo>> list(const Scope& scope, const Filters& filters);
  Result<Usage> usage(const Scope& scope, const std::string& key);

  /// Starts to remove the directories that no record has.
  Result<void> cleanup();
  /// Waits for removals under way.
  void drain();

 private:
  Snapshotter(Database& database, std::unique_ptr<SnapshotDriver> driver, Flusher& flusher)
      : database_(database), driver_(std::move(driver)), flusher_(flusher) {}
  struct Row;
  Result<std::vector<Mount>> create(const Scope& scope, const std::string& key, const std::string& parent,
                                    SnapshotKind kind, const Labels& labels);
  Result<void> insert(const Scope& scope, const Row& row);
  Result<std::optional<Row>> find(Session& session, const Scope& scope, const std::string& key) const;
  Result<IdMaps> checked_maps(const Labels& labels) const;
  Result<SnapshotChain> chain_of(const Scope& scope, const Row& row);
  Result<Row> get(const Scope& scope, const std::string& key);
  Result<std::vector<int64_t>> ancestors(Session& session, const Scope& scope, const std::string& parent) const;
  std::string resource() const { return "snapshots/" + std::string(name()); }
  void flush_later(int64_t id);
  Result<void> drop_unflushed();
  void remove_later(int64_t id);
  void settle_later(int64_t id);
  Result<void> settle_all();

  Database& database_;
  std::unique_ptr<SnapshotDriver> driver_;
  Flusher& flusher_;
  std::string boot_;
  std::atomic<int64_t> next_id_ = 1;
  Guarded<std::set<int64_t>> pending_;  // made, but not recorded yet: no leftovers
  std::unique_ptr<ThreadPool> remover_ = std::make_unique<ThreadPool>("snapshot-rm", 1);
};

}  // namespace hull::supervisor
