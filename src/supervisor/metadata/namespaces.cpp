#include "supervisor/metadata/namespaces.h"

#include "base/text.h"

namespace hull::supervisor {
namespace {

Error missing(const std::string& name) { return not_found("namespace \"" + name + "\""); }

Result<std::optional<Labels>> find(Session& session, const std::string& name) {
  auto query = TRY(session.prepare("SELECT labels FROM namespace WHERE name=?1"));
  if (!TRY(query.bind(name).step())) return std::optional<Labels>();
  return std::optional<Labels>(TRY(decode_labels(query.text(0))));
}

struct Family {
  std::string_view count;
  std::string_view noun;
};
constexpr Family kFamilies[] = {
    {"SELECT count(*) FROM image WHERE ns=?1", "images"},
    {"SELECT count(*) FROM content WHERE ns=?1", "blobs"},
    {"SELECT count(*) FROM container WHERE ns=?1", "containers"},
    {"SELECT count(*) FROM snapshot WHERE ns=?1", "snapshots"},
};

Result<void> check_empty(Session& session, const std::string& name) {
  std::vector<std::string> left;
  for (const Family& family : kFamilies) {
    auto query = TRY(session.prepare(family.count));
    if (TRY(query.bind(name).step()) && query.integer(0) > 0) left.emplace_back(family.noun);
  }
  if (left.empty()) return {};
  return failed_precondition("namespace \"" + name + "\" must be empty, but it still has " + join(left, ", "));
}

}  // namespace

Result<Namespace> NamespaceStore::get(const std::string& name) {
  Namespace value{name, {}};
  TRY(database_.read([&](Session& session) -> Result<void> {
    value.labels = TRY(find(session, name)).value_or(Labels());
    return {};
  }));
  return value;
}

Result<std::vector<Namespace>> NamespaceStore::list() {
  std::vector<Namespace> all;
  TRY(database_.read([&](Session& session) -> Result<void> {
    auto query = TRY(session.prepare("SELECT name, labels FROM namespace ORDER BY name"));
    while (TRY(query.step())) {
      auto labels = TRY(decode_labels(query.text(1)));
      all.push_back({query.text(0), std::move(labels)});
    }
    return {};
  }));
  return all;
}

Result<void> NamespaceStore::create(const Namespace& value) {
  TRY(validate_identifier(value.name));
  TRY(validate_labels(value.labels));
  return database_.write([&](Session& session) -> Result<void> {
    if (TRY(find(session, value.name))) return already_exists("namespace \"" + value.name + "\"");
    auto insert = TRY(session.prepare("INSERT INTO namespace(name, labels) VALUES(?1, ?2)"));
    return insert.bind(value.name).bind(encode_labels(value.labels)).run();
  });
}

Result<Namespace> NamespaceStore::update(const Namespace& value, const Mask& mask) {
  TRY(validate_identifier(value.name));
  Namespace result{value.name, {}};
  TRY(database_.write([&](Session& session) -> Result<void> {
    TRY(touch_namespace(session, value.name));
    auto labels = TRY(find(session, value.name)).value_or(Labels());
    if (mask.all()) labels = value.labels;
    for (const std::string& path : mask.paths)
      if (!apply_label_path(path, value.labels, labels))
        return invalid_argument("cannot update \"" + path + "\" field on namespace \"" + value.name + "\"");
    TRY(validate_labels(labels));
    auto change = TRY(session.prepare("UPDATE namespace SET labels=?2 WHERE name=?1"));
    TRY(change.bind(value.name).bind(encode_labels(labels)).run());
    result.labels = std::move(labels);
    return {};
  }));
  return result;
}

Result<void> NamespaceStore::remove(const std::string& name) {
  return database_.write([&](Session& session) -> Result<void> {
    if (!TRY(find(session, name))) return missing(name);
    TRY(check_empty(session, name));
    TRY(TRY(session.prepare("DELETE FROM lease WHERE ns=?1")).bind(name).run());
    TRY(TRY(session.prepare("DELETE FROM sandbox WHERE ns=?1")).bind(name).run());
    return TRY(session.prepare("DELETE FROM namespace WHERE name=?1")).bind(name).run();
  });
}

}  // namespace hull::supervisor
