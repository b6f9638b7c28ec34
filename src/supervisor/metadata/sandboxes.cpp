#include "supervisor/metadata/sandboxes.h"

namespace hull::supervisor {
namespace {

constexpr std::string_view kSelect =
    "SELECT id, runtime, options_type, options, spec_type, spec, sandboxer, labels, created, updated FROM sandbox "
    "WHERE ns=?1";
constexpr std::string_view kExtensionPath = "extensions.";

Error missing(const Scope& scope, const std::string& id) {
  return not_found("sandbox \"" + id + "\" in namespace \"" + scope.ns + "\"");
}

Result<SandboxRecord> read_row(Session& session, const Scope& scope, const Statement& row) {
  SandboxRecord record;
  record.id = row.text(0);
  record.runtime = row.text(1);
  record.runtime_options = {row.text(2), row.text(3)};
  record.spec = {row.text(4), row.text(5)};
  record.sandboxer = row.text(6);
  record.labels = TRY(decode_labels(row.text(7)));
  record.created = decode_time(row.integer(8));
  record.updated = decode_time(row.integer(9));
  auto query = TRY(session.prepare("SELECT name, type, value FROM sandbox_extension WHERE ns=?1 AND id=?2"));
  query.bind(scope.ns).bind(record.id);
  while (TRY(query.step())) record.extensions[query.text(0)] = {query.text(1), query.text(2)};
  return record;
}

Result<std::optional<SandboxRecord>> find(Session& session, const Scope& scope, const std::string& id) {
  auto query = TRY(session.prepare(std::string(kSelect) + " AND id=?2"));
  if (!TRY(query.bind(scope.ns).bind(id).step())) return std::optional<SandboxRecord>();
  return std::optional<SandboxRecord>(TRY(read_row(session, scope, query)));
}

Result<void> write_row(Session& session, const Scope& scope, const SandboxRecord& record) {
  // The extensions' rows hang on this one and are written anew.
  TRY(TRY(session.prepare("DELETE FROM sandbox WHERE ns=?1 AND id=?2")).bind(scope.ns).bind(record.id).run());
  auto insert = TRY(
      session.prepare("INSERT INTO sandbox(ns, id, runtime, options_type, options, spec_type, spec, sandboxer, labels, "
                      "created, updated) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"));
  insert.bind(scope.ns).bind(record.id).bind(record.runtime);
  insert.bind(record.runtime_options.type_url).bind_blob(record.runtime_options.value);
  insert.bind(record.spec.type_url).bind_blob(record.spec.value);
  insert.bind(record.sandboxer).bind(encode_labels(record.labels));
  TRY(insert.bind(encode_time(record.created)).bind(encode_time(record.updated)).run());
  for (const auto& [name, any] : record.extensions) {
    auto extension =
        TRY(session.prepare("INSERT INTO sandbox_extension(ns, id, name, type, value) VALUES(?1, ?2, ?3, ?4, ?5)"));
    TRY(extension.bind(scope.ns).bind(record.id).bind(name).bind(any.type_url).bind_blob(any.value).run());
  }
  return {};
}

Result<void> apply_path(const std::string& path, const SandboxRecord& from, SandboxRecord& record) {
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
  } else if (path == "runtime") {
    record.runtime = from.runtime;
    record.runtime_options = from.runtime_options;
  } else if (path == "spec") {
    record.spec = from.spec;
  } else {
    return invalid_argument("cannot update \"" + path + "\" field on sandbox \"" + record.id + "\"");
  }
  return {};
}

Result<SandboxRecord> replace_all(const SandboxRecord& old, const SandboxRecord& record) {
  if (record.runtime != old.runtime) return invalid_argument("sandbox.Runtime.Name field is immutable");
  SandboxRecord result = old;
  for (const char* path : {"labels", "extensions", "spec", "runtime"}) TRY(apply_path(path, record, result));
  return result;
}

std::optional<std::string> field_of(const SandboxRecord& record, std::span<const std::string> path) {
  if (path[0] == "id") return present(record.id);
  if (path[0] == "labels") return label_of(record.labels, path.subspan(1));
  if (path[0] == "runtime" && path.size() > 1 && path[1] == "name") return present(record.runtime);
  return std::nullopt;
}

}  // namespace

Result<SandboxRecord> SandboxStore::get(const Scope& scope, const std::string& id) {
  std::optional<SandboxRecord> record;
  TRY(database_.read([&](Session& session) -> Result<void> {
    record = TRY(find(session, scope, id));
    return {};
  }));
  if (!record) return missing(scope, id);
  return *std::move(record);
}

Result<std::vector<SandboxRecord>> SandboxStore::list(const Scope& scope, const Filters& filters) {
  std::vector<SandboxRecord> all;
  TRY(database_.read([&](Session& session) -> Result<void> {
    auto query = TRY(session.prepare(std::string(kSelect) + " ORDER BY id"));
    query.bind(scope.ns);
    while (TRY(query.step())) {
      SandboxRecord record = TRY(read_row(session, scope, query));
      if (filters.matches([&](auto path) { return field_of(record, path); })) all.push_back(std::move(record));
    }
    return {};
  }));
  return all;
}

Result<SandboxRecord> SandboxStore::create(const Scope& scope, SandboxRecord record) {
  TRY(validate_identifier(record.id).context("invalid sandbox ID"));
  TRY(validate_labels(record.labels));
  record.created = record.updated = now();
  TRY(database_.write([&](Session& session) -> Result<void> {
    if (TRY(find(session, scope, record.id))) return already_exists("sandbox \"" + record.id + "\" already exists");
    TRY(touch_namespace(session, scope.ns));
    return write_row(session, scope, record);
  }));
  return record;
}

Result<SandboxRecord> SandboxStore::update(const Scope& scope, const SandboxRecord& record, const Mask& mask) {
  SandboxRecord result;
  TRY(database_.write([&](Session& session) -> Result<void> {
    const auto old = TRY(find(session, scope, record.id));
    if (!old) return missing(scope, record.id);
    result = mask.all() ? TRY(replace_all(*old, record)) : *old;
    for (const std::string& path : mask.paths) TRY(apply_path(path, record, result));
    TRY(validate_labels(result.labels));
    std::erase_if(result.labels, [](const auto& label) { return label.second.empty(); });
    result.updated = now();
    return write_row(session, scope, result);
  }));
  return result;
}

Result<void> SandboxStore::remove(const Scope& scope, const std::string& id) {
  return database_.write([&](Session& session) -> Result<void> {
    auto remove = TRY(session.prepare("DELETE FROM sandbox WHERE ns=?1 AND id=?2"));
    TRY(remove.bind(scope.ns).bind(id).run());
    return session.changes() > 0 ? Result<void>() : missing(scope, id);
  });
}

}  // namespace hull::supervisor
