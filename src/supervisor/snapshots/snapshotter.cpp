#include "supervisor/snapshots/snapshotter.h"

#include <algorithm>

#include "base/files.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/rollback.h"
#include "linux/mount_words.h"

namespace hull::supervisor {

struct Snapshotter::Row {
  int64_t id = 0;
  SnapshotInfo info;
  Usage usage{-1, -1};  // of a committed one, once it was asked for
};

namespace {

constexpr std::string_view kSelect =
    "SELECT key, id, parent, kind, size, inodes, labels, created, updated FROM snapshot WHERE ns=?1 AND snapshotter=?2";

Error missing(const std::string& key) { return not_found("snapshot " + key + " does not exist"); }

std::optional<std::string> field_of(const SnapshotInfo& info, std::span<const std::string> path) {
  if (path[0] == "name") return info.key;
  if (path[0] == "parent") return present(info.parent);
  if (path[0] == "labels") return label_of(info.labels, path.subspan(1));
  if (path[0] != "kind") return std::nullopt;
  switch (info.kind) {
    case SnapshotKind::kView: return "view";
    case SnapshotKind::kActive: return "active";
    case SnapshotKind::kCommitted: return "committed";
  }
  return std::nullopt;
}

constexpr const char* kUidMap = "containerd.io/snapshot/uidmapping";
constexpr const char* kGidMap = "containerd.io/snapshot/gidmapping";

std::string label_or_empty(const Labels& labels, const char* name) {
  const auto found = labels.find(name);
  return found == labels.end() ? "" : found->second;
}

IdMaps id_maps(const Labels& labels) { return {label_or_empty(labels, kUidMap), label_or_empty(labels, kGidMap)}; }

}  // namespace

Result<std::unique_ptr<Snapshotter>> Snapshotter::open(Database& database, std::unique_ptr<SnapshotDriver> driver,
                                                       Flusher& flusher) {
  std::unique_ptr<Snapshotter> self(new Snapshotter(database, std::move(driver), flusher));
  self->boot_ = TRY(read_file("/proc/sys/kernel/random/boot_id", Bytes{64}));
  int64_t highest = 0;
  for (const int64_t id : TRY(self->driver_->list())) highest = std::max(highest, id);
  TRY(database.read([&](Session& session) -> Result<void> {
    auto query = TRY(session.prepare("SELECT coalesce(max(id), 0) FROM snapshot WHERE snapshotter=?1"));
    if (TRY(query.bind(self->name()).step())) highest = std::max(highest, query.integer(0));
    return {};
  }));
  // ext4 chooses the block group of a directory below a "topdir" by its name: engines that begin, end and begin again
  // would meet the inodes that their forerunners' first snapshots left (make_snapshot_folder() says why that matters).
  if (highest == 0) highest = static_cast<int64_t>(std::hash<std::string>()(random_hex(16)) % 1000000);
  self->next_id_ = highest + 1;
  TRY(self->drop_unflushed());
  TRY(self->settle_all());
  TRY(self->cleanup());
  return self;
}

Result<std::optional<Snapshotter::Row>> Snapshotter::find(Session& session, const Scope& scope,
                                                          const std::string& key) const {
  auto query = TRY(session.prepare(std::string(kSelect) + " AND key=?3"));
  if (!TRY(query.bind(scope.ns).bind(name()).bind(key).step())) return std::optional<Row>();
  Row row;
  row.info.key = query.text(0);
  row.id = query.integer(1);
  row.info.parent = query.text(2);
  row.info.kind = static_cast<SnapshotKind>(query.integer(3));
  row.usage = {query.integer(4), query.integer(5)};
  row.info.labels = TRY(decode_labels(query.text(6)));
  row.info.created = decode_time(query.integer(7));
  row.info.updated = decode_time(query.integer(8));
  return std::optional<Row>(std::move(row));
}

Result<Snapshotter::Row> Snapshotter::get(const Scope& scope, const std::string& key) {
  std::optional<Row> row;
  TRY(database_.read([&](Session& session) -> Result<void> {
    row = TRY(find(session, scope, key));
    return {};
  }));
  if (!row) return missing(key);
  return *std::move(row);
}

Result<std::vector<int64_t>> Snapshotter::ancestors(Session& session, const Scope& scope,
                                                    const std::string& parent) const {
  std::vector<int64_t> ids;
  for (std::string key = parent; !key.empty();) {
    const auto row = TRY(find(session, scope, key));
    if (!row) return not_found("parent snapshot " + key + " does not exist");
    if (row->info.kind != SnapshotKind::kCommitted)
      return invalid_argument("parent \"" + key + "\" is not committed snapshot");
    if (std::find(ids.begin(), ids.end(), row->id) != ids.end())
      return data_loss("snapshot " + key + " is its own parent");
    ids.push_back(row->id);
    key = row->info.parent;
  }
  return ids;
}

Result<std::vector<Mount>> Snapshotter::prepare(const Scope& scope, const std::string& key, const std::string& parent,
                                                const Labels& labels) {
  return create(scope, key, parent, SnapshotKind::kActive, labels);
}

Result<std::vector<Mount>> Snapshotter::view(const Scope& scope, const std::string& key, const std::string& parent,
                                             const Labels& labels) {
  return create(scope, key, parent, SnapshotKind::kView, labels);
}

Result<std::vector<Mount>> Snapshotter::create(const Scope& scope, const std::string& key, const std::string& parent,
                                               SnapshotKind kind, const Labels& labels) {
  if (key.empty()) return invalid_argument("snapshot key must not be empty");
  TRY(validate_labels(labels));
  Row row;
  row.id = next_id_++;
  row.info = {key, parent, kind, labels, now(), {}};
  row.info.updated = row.info.created;
  SnapshotChain chain{row.id, kind, {}, {}};
  chain.ids = TRY(checked_maps(labels));
  TRY(database_.read([&](Session& session) -> Result<void> {
    if (TRY(find(session, scope, key))) return already_exists("snapshot \"" + key + "\"");
    chain.parents = TRY(ancestors(session, scope, parent));
    return {};
  }));
  pending_.with([&](auto& pending) { pending.insert(row.id); });
  const Defer settled([&] { pending_.with([&](auto& pending) { pending.erase(row.id); }); });
  TRY(driver_->create(chain));
  if (auto inserted = insert(scope, row); !inserted.ok()) {
    remove_later(row.id);
    return std::move(inserted).error();
  }
  return driver_->mounts(chain);
}

Result<IdMaps> Snapshotter::checked_maps(const Labels& labels) const {
  IdMaps maps = id_maps(labels);
  if (!driver_->maps_ids()) return IdMaps();  // clients look for the capability, and change owners by themselves
  if (maps.uids.empty() != maps.gids.empty())
    return invalid_argument(std::string("a snapshot has only one of the labels ") + kUidMap + " and " + kGidMap);
  for (const std::string& map : {maps.uids, maps.gids})
    if (!map.empty()) TRY(linux::parse_id_ranges(map));
  return maps;
}

Result<void> Snapshotter::insert(const Scope& scope, const Row& row) {
  return database_.write([&](Session& session) -> Result<void> {
    // Between the look and now, others may have come first.
    if (TRY(find(session, scope, row.info.key))) return already_exists("snapshot \"" + row.info.key + "\"");
    TRY(ancestors(session, scope, row.info.parent));
    TRY(touch_namespace(session, scope.ns));
    TRY(add_to_lease(session, scope, resource(), row.info.key));
    auto insert = TRY(session.prepare(
        "INSERT INTO snapshot(ns, snapshotter, key, id, parent, kind, size, inodes, labels, created, updated) "
        "VALUES(?1, ?2, ?3, ?4, ?5, ?6, -1, -1, ?7, ?8, ?9)"));
    insert.bind(scope.ns).bind(name()).bind(row.info.key).bind(row.id).bind(row.info.parent);
    insert.bind(static_cast<int64_t>(row.info.kind)).bind(encode_labels(row.info.labels));
    return insert.bind(encode_time(row.info.created)).bind(encode_time(row.info.updated)).run();
  });
}

Result<std::vector<Mount>> Snapshotter::mounts(const Scope& scope, const std::string& key) {
  const SnapshotChain chain = TRY(chain_of(scope, TRY(get(scope, key))));
  if (chain.kind == SnapshotKind::kCommitted)
    return failed_precondition("snapshot " + key + " is committed and has no mounts of its own");
  return driver_->mounts(chain);
}

Result<SnapshotChain> Snapshotter::chain_of(const Scope& scope, const Row& row) {
  SnapshotChain chain{row.id, row.info.kind, {}, driver_->maps_ids() ? id_maps(row.info.labels) : IdMaps()};
  TRY(database_.read([&](Session& session) -> Result<void> {
    chain.parents = TRY(ancestors(session, scope, row.info.parent));
    return {};
  }));
  return chain;
}

Result<void> Snapshotter::commit(const Scope& scope, const std::string& name, const std::string& key,
                                 const Labels& labels) {
  if (name.empty()) return invalid_argument("snapshot name must not be empty");
  TRY(validate_labels(labels));
  int64_t id = 0;
  const auto check = [&](Session& session) -> Result<void> {
    if (TRY(find(session, scope, name))) return already_exists("snapshot \"" + name + "\"");
    const auto row = TRY(find(session, scope, key));
    if (!row) return missing(key);
    id = row->id;
    if (row->info.kind != SnapshotKind::kActive) return failed_precondition("snapshot " + key + " is not active");
    return {};
  };
  TRY(database_.read(check));
  TRY(driver_->commit(id).context("commit snapshot " + key));
  TRY(database_.write([&](Session& session) -> Result<void> {
    TRY(check(session));  // others may have come first
    auto change = TRY(session.prepare(
        "UPDATE snapshot SET key=?4, kind=?5, labels=?6, created=?7, updated=?7, unflushed=?8 WHERE ns=?1 AND "
        "snapshotter=?2 AND key=?3"));
    change.bind(scope.ns).bind(this->name()).bind(key).bind(name).bind(static_cast<int64_t>(SnapshotKind::kCommitted));
    TRY(change.bind(encode_labels(labels)).bind(encode_time(now())).bind(boot_).run());
    TRY(remove_from_leases(session, scope.ns, resource(), key));
    return add_to_lease(session, scope, resource(), name);
  }));
  settle_later(id);
  flush_later(id);
  return {};
}

Result<void> Snapshotter::remove(const Scope& scope, const std::string& key) {
  int64_t id = 0;
  TRY(database_.write([&](Session& session) -> Result<void> {
    const auto row = TRY(find(session, scope, key));
    if (!row) return missing(key);
    id = row->id;
    auto child = TRY(session.prepare("SELECT key FROM snapshot WHERE ns=?1 AND snapshotter=?2 AND parent=?3 LIMIT 1"));
    if (TRY(child.bind(scope.ns).bind(name()).bind(key).step()))
      return failed_precondition("cannot remove snapshot " + key + " with child " + child.text(0));
    auto remove = TRY(session.prepare("DELETE FROM snapshot WHERE ns=?1 AND snapshotter=?2 AND key=?3"));
    TRY(remove.bind(scope.ns).bind(name()).bind(key).run());
    return remove_from_leases(session, scope.ns, resource(), key);
  }));
  remove_later(id);
  return {};
}

Result<SnapshotInfo> Snapshotter::stat(const Scope& scope, const std::string& key) { return TRY(get(scope, key)).info; }

Result<SnapshotInfo> Snapshotter::update(const Scope& scope, const SnapshotInfo& info, const Mask& mask) {
  SnapshotInfo result;
  TRY(database_.write([&](Session& session) -> Result<void> {
    auto row = TRY(find(session, scope, info.key));
    if (!row) return missing(info.key);
    result = row->info;
    if (mask.all()) result.labels = info.labels;
    for (const std::string& path : mask.paths)
      if (!apply_label_path(path, info.labels, result.labels))
        return invalid_argument("cannot update \"" + path + "\" field on snapshot \"" + info.key + "\"");
    TRY(validate_labels(result.labels));
    result.updated = now();
    auto change =
        TRY(session.prepare("UPDATE snapshot SET labels=?4, updated=?5 WHERE ns=?1 AND snapshotter=?2 AND key=?3"));
    change.bind(scope.ns).bind(name()).bind(info.key).bind(encode_labels(result.labels));
    return change.bind(encode_time(result.updated)).run();
  }));
  return result;
}

Result<std::vector<SnapshotInfo>> Snapshotter::list(const Scope& scope, const Filters& filters) {
  std::vector<SnapshotInfo> all;
  TRY(database_.read([&](Session& session) -> Result<void> {
    auto query = TRY(session.prepare("SELECT key FROM snapshot WHERE ns=?1 AND snapshotter=?2 ORDER BY key"));
    query.bind(scope.ns).bind(name());
    while (TRY(query.step())) {
      auto row = TRY(find(session, scope, query.text(0)));
      CHECK(row);
      if (filters.matches([&](auto path) { return field_of(row->info, path); })) all.push_back(std::move(row->info));
    }
    return {};
  }));
  return all;
}

Result<Usage> Snapshotter::usage(const Scope& scope, const std::string& key) {
  const Row row = TRY(get(scope, key));
  if (row.usage.size >= 0) return row.usage;
  if (row.info.kind == SnapshotKind::kView) return Usage{};  // nobody can write there
  const Usage usage = TRY(driver_->usage(TRY(chain_of(scope, row))));
  if (row.info.kind != SnapshotKind::kCommitted) return usage;
  // A committed one does not change any more.
  TRY(database_.write([&](Session& session) -> Result<void> {
    auto change = TRY(session.prepare("UPDATE snapshot SET size=?3, inodes=?4 WHERE snapshotter=?1 AND id=?2"));
    return change.bind(name()).bind(row.id).bind(usage.size).bind(usage.inodes).run();
  }));
  return usage;
}

Result<void> Snapshotter::cleanup() {
  std::set<int64_t> directories;
  for (const int64_t id : TRY(driver_->list())) directories.insert(id);
  // Those in the making are asked for after the directories were listed and before the records are read: whichever
  // way one goes meanwhile, it is in one of the two.
  for (const int64_t id : pending_.with([](const auto& pending) { return pending; })) directories.erase(id);
  TRY(database_.read([&](Session& session) -> Result<void> {
    auto query = TRY(session.prepare("SELECT id FROM snapshot WHERE snapshotter=?1"));
    query.bind(name());
    while (TRY(query.step())) directories.erase(query.integer(0));
    return {};
  }));
  for (const int64_t id : directories) remove_later(id);
  return {};
}

void Snapshotter::remove_later(int64_t id) {
  remover_->submit([this, id] {
    auto removed = driver_->remove(id);
    if (!removed.ok()) logging::warn("remove snapshot", {{"id", id}, {"error", removed.error().message()}});
  });
}

void Snapshotter::settle_later(int64_t id) {
  remover_->submit([this, id] {
    auto settled = driver_->settle(id);
    if (!settled.ok()) logging::warn("settle snapshot", {{"id", id}, {"error", settled.error().message()}});
  });
}

Result<void> Snapshotter::settle_all() {
  return database_.read([&](Session& session) -> Result<void> {
    auto query = TRY(session.prepare("SELECT id FROM snapshot WHERE snapshotter=?1 AND kind=?2"));
    query.bind(name()).bind(static_cast<int64_t>(SnapshotKind::kCommitted));
    while (TRY(query.step())) settle_later(query.integer(0));
    return {};
  });
}

void Snapshotter::drain() { remover_ = std::make_unique<ThreadPool>("snapshot-rm", 1); }

void Snapshotter::flush_later(int64_t id) {
  flusher_.flush_later(driver_->root(), [this, id] {
    auto marked = database_.write_lazily([&](Session& session) -> Result<void> {
      auto change = TRY(session.prepare("UPDATE snapshot SET unflushed='' WHERE snapshotter=?1 AND id=?2"));
      return change.bind(name()).bind(id).run();
    });
    if (!marked.ok()) logging::warn("mark snapshot", {{"id", id}, {"error", marked.error().message()}});
  });
}

Result<void> Snapshotter::drop_unflushed() {
  struct Torn {
    std::string ns;
    std::string key;
  };
  std::vector<Torn> torn;
  TRY(database_.read([&](Session& session) -> Result<void> {
    // Children have higher numbers than their parents.
    auto query = TRY(session.prepare(
        "SELECT id, ns, key, unflushed FROM snapshot WHERE snapshotter=?1 AND unflushed<>'' ORDER BY id DESC"));
    query.bind(name());
    while (TRY(query.step())) {
      if (query.text(3) == boot_)
        flush_later(query.integer(0));
      else
        torn.push_back({query.text(1), query.text(2)});
    }
    return {};
  }));
  for (const Torn& snapshot : torn) {
    logging::error("remove a snapshot that did not get to disk", {{"namespace", snapshot.ns}, {"key", snapshot.key}});
    auto removed = remove({snapshot.ns, ""}, snapshot.key);
    if (removed.is(Code::kFailedPrecondition))  // somebody's changes are over it, and worth more
      logging::error("keep a snapshot that may be damaged", {{"key", snapshot.key}});
    else
      TRY(std::move(removed));
  }
  return {};
}

}  // namespace hull::supervisor
