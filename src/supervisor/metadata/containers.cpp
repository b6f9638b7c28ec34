#include "supervisor/metadata/containers.h"

namespace hull::supervisor {
namespace {

constexpr std::string_view kSelect =
    "SELECT id, image, runtime, options_type, options, spec_type, spec, snapshotter, snapshot_key, sandbox, labels, "
    "created, updated FROM container WHERE ns=?1";
constexpr std::string_view kExtensionPath = "extensions.";

Error missing(const Scope& scope, const std::string& id) {
  return not_found("container \"" + id + "\" in namespace \"" + scope.ns + "\"");
}

Result<ContainerRecord> read_row(Session& session, const Scope& scope, const Statement& row) {
  ContainerRecord record;
  record.id = row.text(0);
  record.image = row.text(1);
  record.runtime = row.text(2);
  record.runtime_options = {row.text(3), row.text(4)};
  record.spec = {row.text(5), row.text(6)};
  record.snapshotter = row.text(7);
  record.snapshot_key = row.text(8);
  record.sandbox = row.text(9);
  record.labels = TRY(decode_labels(row.text(10)));
  record.created = decode_time(row.integer(11));
  record.updated = decode_time(row.integer(12));
  auto query = TRY(session.prepare("SELECT name, type, value FROM container_extension WHERE ns=?1 AND id=?2"));
  query.bind(scope.ns).bind(record.id);
  while (TRY(query.step())) record.extensions[query.text(0)] = {query.text(1), query.text(2)};
  return record;
}

Result<std::optional<ContainerRecord>> find(Session& session, const Scope& scope, const std::string& id) {
  auto query = TRY(session.prepare(std::string(kSelect) + " AND id=?2"));
  if (!TRY(query.bind(scope.ns).bind(id).step())) return std::optional<ContainerRecord>();
  return std::optional<ContainerRecord>(TRY(read_row(session, scope, query)));
}

Result<void> validate(const ContainerRecord& record) {
  TRY(validate_identifier(record.id).context("container.ID"));
  TRY(validate_labels(record.labels));
  if (record.runtime.empty()) return invalid_argument("container.Runtime.Name must be set");
  if (record.spec.empty()) return invalid_argument("container.Spec must be set");
  if (!record.snapshot_key.empty() && record.snapshotter.empty())
    return invalid_argument("container.Snapshotter must be set if container.SnapshotKey is set");
  return {};
}

Result<void> write_row(Session& session, const Scope& scope, const ContainerRecord& record) {
  // The extensions' rows hang on this one and are written anew.
  TRY(TRY(session.prepare("DELETE FROM container WHERE ns=?1 AND id=?2")).bind(scope.ns).bind(record.id).run());
  auto insert = TRY(session.prepare(
      "INSERT INTO container(ns, id, image, runtime, options_type, options, spec_type, spec, snapshotter, "
      "snapshot_key, sandbox, labels, created, updated) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"));
  insert.bind(scope.ns).bind(record.id).bind(record.image).bind(record.runtime);
  insert.bind(record.runtime_options.type_url).bind_blob(record.runtime_options.value);
  insert.bind(record.spec.type_url).bind_blob(record.spec.value);
  insert.bind(record.snapshotter).bind(record.snapshot_key).bind(record.sandbox).bind(encode_labels(record.labels));
  TRY(insert.bind(encode_time(record.created)).bind(encode_time(record.updated)).run());
  for (const auto& [name, any] : record.extensions) {
    auto extension =
        TRY(session.prepare("INSERT INTO container_extension(ns, id, name, type, value) VALUES(?1, ?2, ?3, ?4, ?5)"));
    TRY(extension.bind(scope.ns).bind(record.id).bind(name).bind(any.type_url).bind_blob(any.value).run());
  }
  return {};
}

Result<void> apply_path(const std::string& path, const ContainerRecord& from, ContainerRecord& record) {
  if (apply_label_path(path, from.labels, record.labels)) return {};
  if (path == "extensions") {
    record.extensions = from.extensions;
  } else if (path.starts_with(kExtensionPath)) {
    const std::string name = path.substr(kExtensionPath.size());
    const auto value = from.extensions.find(name);
    if (value == from.extensions.end())
      record.extensions.erase(name);
    else
      record.extensions[name] = value->second;
  } else if (path == "spec") {
    record.spec = from.spec;
  } else if (path == "image") {
    record.image = from.image;
  } else if (path == "snapshotkey" || path == "snapshot_key") {
    record.snapshot_key = from.snapshot_key;
  } else {
    return invalid_argument("cannot update \"" + path + "\" field on container \"" + record.id + "\"");
  }
  return {};
}

/// Without a mask all fields that can change are set; of the others, two must be the same and the rest stay as they
/// are, runtime options among them. Source: containerd metadata/containers.go.
Result<ContainerRecord> replace_all(const ContainerRecord& old, const ContainerRecord& record) {
  if (record.snapshotter != old.snapshotter) return invalid_argument("container.Snapshotter field is immutable");
  if (record.runtime != old.runtime) return invalid_argument("container.Runtime.Name field is immutable");
  ContainerRecord result = old;
  for (const char* path : {"labels", "spec", "extensions", "image", "snapshotkey"})
    TRY(apply_path(path, record, result));
  return result;
}

std::optional<std::string> field_of(const ContainerRecord& record, std::span<const std::string> path) {
  if (path[0] == "id") return present(record.id);
  if (path[0] == "image") return present(record.image);
  if (path[0] == "labels") return label_of(record.labels, path.subspan(1));
  if (path[0] == "runtime" && path.size() > 1 && path[1] == "name") return present(record.runtime);
  if (path[0] == "sandbox") return present(record.sandbox);
  return std::nullopt;
}

}  // namespace

Result<ContainerRecord> ContainerStore::get(const Scope& scope, const std::string& id) {
  std::optional<ContainerRecord> record;
  TRY(database_.read([&](Session& session) -> Result<void> {
    record = TRY(find(session, scope, id));
    return {};
  }));
  if (!record) return missing(scope, id);
  return *std::move(record);
}

Result<std::vector<ContainerRecord>> ContainerStore::list(const Scope& scope, const Filters& filters) {
  std::vector<ContainerRecord> all;
  TRY(database_.read([&](Session& session) -> Result<void> {
    auto query = TRY(session.prepare(std::string(kSelect) + " ORDER BY id"));
    query.bind(scope.ns);
    while (TRY(query.step())) {
      ContainerRecord record = TRY(read_row(session, scope, query));
      if (filters.matches([&](auto path) { return field_of(record, path); })) all.push_back(std::move(record));
    }
    return {};
  }));
  return all;
}

Result<ContainerRecord> ContainerStore::create(const Scope& scope, ContainerRecord record) {
  TRY(validate(record).context("create container failed validation"));
  record.created = record.updated = now();
  TRY(database_.write([&](Session& session) -> Result<void> {
    auto query = TRY(session.prepare("SELECT 1 FROM container WHERE ns=?1 AND id=?2"));
    if (TRY(query.bind(scope.ns).bind(record.id).step())) return already_exists("container \"" + record.id + "\"");
    TRY(touch_namespace(session, scope.ns));
    return write_row(session, scope, record);
  }));
  return record;
}

Result<ContainerRecord> ContainerStore::update(const Scope& scope, const ContainerRecord& record, const Mask& mask) {
  if (record.id.empty()) return invalid_argument("must specify a container id");
  ContainerRecord result;
  TRY(database_.write([&](Session& session) -> Result<void> {
    const auto old = TRY(find(session, scope, record.id));
    if (!old) return missing(scope, record.id);
    result = mask.all() ? TRY(replace_all(*old, record)) : *old;
    for (const std::string& path : mask.paths) TRY(apply_path(path, record, result));
    TRY(validate(result).context("update failed validation"));
    result.updated = now();
    return write_row(session, scope, result);
  }));
  return result;
}

Result<void> ContainerStore::remove(const Scope& scope, const std::string& id) {
  return database_.write([&](Session& session) -> Result<void> {
    auto remove = TRY(session.prepare("DELETE FROM container WHERE ns=?1 AND id=?2"));
    TRY(remove.bind(scope.ns).bind(id).run());
    return session.changes() > 0 ? Result<void>() : missing(scope, id);
  });
}

}  // namespace hull::supervisor
