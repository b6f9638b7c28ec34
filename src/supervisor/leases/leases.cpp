#include "supervisor/leases/leases.h"

#include "base/ids.h"
#include "spec/image/digest.h"

namespace hull::supervisor {
namespace {

Result<void> check_exists(Session& session, const Scope& scope, const std::string& id) {
  auto query = TRY(session.prepare("SELECT 1 FROM lease WHERE ns=?1 AND id=?2"));
  const bool found = TRY(query.bind(scope.ns).bind(id).step());
  return found ? Result<void>() : not_found("lease \"" + id + "\"");
}

Result<void> validate(const LeaseResource& resource) {
  const bool known = resource.type == "content" || resource.type == "ingests" || resource.type == "images" ||
                     (resource.type.starts_with("snapshots/") && resource.type.size() > 10);
  if (!known) return unimplemented("resource type " + resource.type + " not supported yet");
  if (resource.id.empty()) return invalid_argument("resource id must not be empty");
  if (resource.type == "content")
    TRY(image::Digest::parse(resource.id).context("invalid content resource id " + resource.id));
  return {};
}

std::optional<std::string> field_of(const Lease& lease, std::span<const std::string> path) {
  if (path[0] == "id") return present(lease.id);
  if (path[0] == "labels") return label_of(lease.labels, path.subspan(1));
  return std::nullopt;
}

}  // namespace

Result<Lease> LeaseStore::create(const Scope& scope, Lease lease) {
  if (lease.id.empty()) lease.id = std::to_string(now().time_since_epoch().count()) + "-" + random_hex(4);
  if (lease.id.size() > 1024) return invalid_argument("lease id is longer than 1024 bytes");
  TRY(validate_labels(lease.labels));
  lease.created = now();
  TRY(database_.write([&](Session& session) -> Result<void> {
    if (check_exists(session, scope, lease.id).ok()) return already_exists("lease \"" + lease.id + "\"");
    TRY(touch_namespace(session, scope.ns));
    auto insert = TRY(session.prepare("INSERT INTO lease(ns, id, labels, created) VALUES(?1, ?2, ?3, ?4)"));
    insert.bind(scope.ns).bind(lease.id).bind(encode_labels(lease.labels));
    return insert.bind(encode_time(lease.created)).run();
  }));
  return lease;
}

Result<void> LeaseStore::remove(const Scope& scope, const std::string& id) {
  return database_.write([&](Session& session) -> Result<void> {
    TRY(check_exists(session, scope, id));
    return TRY(session.prepare("DELETE FROM lease WHERE ns=?1 AND id=?2")).bind(scope.ns).bind(id).run();
  });
}

Result<std::vector<Lease>> LeaseStore::list(const Scope& scope, const Filters& filters) {
  std::vector<Lease> all;
  TRY(database_.read([&](Session& session) -> Result<void> {
    auto query = TRY(session.prepare("SELECT id, labels, created FROM lease WHERE ns=?1 ORDER BY id"));
    query.bind(scope.ns);
    while (TRY(query.step())) {
      auto labels = TRY(decode_labels(query.text(1)));
      Lease lease{query.text(0), std::move(labels), decode_time(query.integer(2))};
      if (filters.matches([&](auto path) { return field_of(lease, path); })) all.push_back(std::move(lease));
    }
    return {};
  }));
  return all;
}

Result<void> LeaseStore::add(const Scope& scope, const std::string& id, const LeaseResource& resource) {
  TRY(validate(resource));
  return database_.write([&](Session& session) -> Result<void> {
    TRY(check_exists(session, scope, id));
    return add_to_lease(session, {scope.ns, id}, resource.type, resource.id);
  });
}

Result<void> LeaseStore::release(const Scope& scope, const std::string& id, const LeaseResource& resource) {
  TRY(validate(resource));
  return database_.write([&](Session& session) -> Result<void> {
    TRY(check_exists(session, scope, id));
    auto remove = TRY(session.prepare("DELETE FROM lease_resource WHERE ns=?1 AND lease=?2 AND type=?3 AND id=?4"));
    return remove.bind(scope.ns).bind(id).bind(resource.type).bind(resource.id).run();
  });
}

Result<std::vector<LeaseResource>> LeaseStore::resources(const Scope& scope, const std::string& id) {
  std::vector<LeaseResource> all;
  TRY(database_.read([&](Session& session) -> Result<void> {
    TRY(check_exists(session, scope, id));
    auto query = TRY(session.prepare("SELECT type, id FROM lease_resource WHERE ns=?1 AND lease=?2 ORDER BY type, id"));
    query.bind(scope.ns).bind(id);
    while (TRY(query.step())) all.push_back({query.text(0), query.text(1)});
    return {};
  }));
  return all;
}

}  // namespace hull::supervisor
