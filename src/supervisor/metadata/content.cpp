#include "supervisor/metadata/content.h"

#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"

namespace hull::supervisor {
namespace {

constexpr std::string_view kSelect = "SELECT digest, size, labels, created, updated FROM content WHERE ns=?1";

Error missing(const image::Digest& digest) { return not_found("content digest " + digest.str()); }

/// Refs of all namespaces live in one store; a namespace's name has no slash.
std::string inner_ref(const Scope& scope, const std::string& ref) { return scope.ns + "/" + ref; }

Result<ContentInfo> read_row(const Statement& row) {
  ContentInfo info;
  info.digest = TRY(image::Digest::parse(row.text(0)));
  info.size = row.integer(1);
  info.labels = TRY(decode_labels(row.text(2)));
  info.created = decode_time(row.integer(3));
  info.updated = decode_time(row.integer(4));
  return info;
}

Result<std::optional<ContentInfo>> find(Session& session, const Scope& scope, const image::Digest& digest) {
  auto query = TRY(session.prepare(std::string(kSelect) + " AND digest=?2"));
  if (!TRY(query.bind(scope.ns).bind(digest.str()).step())) return std::optional<ContentInfo>();
  return std::optional<ContentInfo>(TRY(read_row(query)));
}

Result<void> write_row(Session& session, const Scope& scope, const ContentInfo& info) {
  auto insert = TRY(session.prepare(
      "INSERT OR REPLACE INTO content(ns, digest, size, labels, created, updated) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"));
  insert.bind(scope.ns).bind(info.digest.str()).bind(info.size).bind(encode_labels(info.labels));
  return insert.bind(encode_time(info.created)).bind(encode_time(info.updated)).run();
}

std::optional<std::string> field_of(const ContentInfo& info, std::span<const std::string> path) {
  if (path[0] == "digest") return info.digest.str();
  if (path[0] == "size") return std::to_string(info.size);
  if (path[0] == "labels") return label_of(info.labels, path.subspan(1));
  return std::nullopt;
}

}  // namespace

NamespacedWriter::NamespacedWriter(ContentStore& store, Scope scope, ContentWriter writer, std::string ref)
    : store_(store), scope_(std::move(scope)), writer_(std::move(writer)), status_(writer_.status()) {
  status_.ref = std::move(ref);
}

Result<void> NamespacedWriter::write(std::string_view data) {
  TRY(writer_.write(data));
  status_.offset = writer_.status().offset;
  status_.updated_at = writer_.status().updated_at;
  return {};
}

Result<void> NamespacedWriter::restart() {
  TRY(writer_.restart());
  status_.offset = 0;
  return {};
}

Result<ContentInfo> NamespacedWriter::commit(int64_t size, const image::Digest& expected, const Labels& labels) {
  TRY(validate_labels(labels));
  ContentInfo info{writer_.digest(), writer_.status().offset, labels, now(), {}};
  info.updated = info.created;
  std::lock_guard lock(store_.placing_);
  auto blob = writer_.commit(size, expected);
  // Another namespace's bytes are as good, since these were verified before they were found to be there.
  if (!blob.ok() && !blob.is(Code::kAlreadyExists)) return std::move(blob).error();
  if (blob.ok())
    info.digest = blob->digest;
  else if (!expected.empty())
    info.digest = expected;
  TRY(store_.record(scope_, info, status_.ref));
  return info;
}

Result<void> ContentStore::record(const Scope& scope, const ContentInfo& info, const std::string& ref) {
  bool existed = false;
  TRY(database_.write([&](Session& session) -> Result<void> {
    TRY(remove_from_leases(session, scope.ns, "ingests", ref));
    TRY(add_to_lease(session, scope, "content", info.digest.str()));
    existed = TRY(find(session, scope, info.digest)).has_value();
    if (existed) return {};
    TRY(touch_namespace(session, scope.ns));
    return write_row(session, scope, info);
  }));
  if (existed) return already_exists("content " + info.digest.str());
  return {};
}

Result<ContentInfo> ContentStore::info(const Scope& scope, const image::Digest& digest) {
  std::optional<ContentInfo> info;
  TRY(database_.read([&](Session& session) -> Result<void> {
    info = TRY(find(session, scope, digest));
    return {};
  }));
  if (!info) return missing(digest);
  return *std::move(info);
}

Result<ContentInfo> ContentStore::update(const Scope& scope, const ContentInfo& info, const Mask& mask) {
  ContentInfo result;
  TRY(database_.write([&](Session& session) -> Result<void> {
    auto old = TRY(find(session, scope, info.digest));
    if (!old) return missing(info.digest);
    result = *std::move(old);
    if (mask.all()) result.labels = info.labels;
    for (const std::string& path : mask.paths)
      if (!apply_label_path(path, info.labels, result.labels))
        return invalid_argument("cannot update \"" + path + "\" field on content info \"" + info.digest.str() + "\"");
    TRY(validate_labels(result.labels));
    std::erase_if(result.labels, [](const auto& label) { return label.second.empty(); });
    result.updated = now();
    return write_row(session, scope, result);
  }));
  return result;
}

Result<std::vector<ContentInfo>> ContentStore::list(const Scope& scope, const Filters& filters) {
  std::vector<ContentInfo> all;
  TRY(database_.read([&](Session& session) -> Result<void> {
    auto query = TRY(session.prepare(std::string(kSelect) + " ORDER BY digest"));
    query.bind(scope.ns);
    while (TRY(query.step())) {
      ContentInfo info = TRY(read_row(query));
      if (filters.matches([&](auto path) { return field_of(info, path); })) all.push_back(std::move(info));
    }
    return {};
  }));
  return all;
}

Result<void> ContentStore::remove(const Scope& scope, const image::Digest& digest) {
  return database_.write([&](Session& session) -> Result<void> {
    auto remove = TRY(session.prepare("DELETE FROM content WHERE ns=?1 AND digest=?2"));
    TRY(remove.bind(scope.ns).bind(digest.str()).run());
    if (session.changes() == 0) return missing(digest);
    return remove_from_leases(session, scope.ns, "content", digest.str());
  });
}

Result<UniqueFd> ContentStore::open_blob(const Scope& scope, const image::Digest& digest) {
  constexpr int64_t kVerified = 256 << 10;
  const int64_t size = TRY(info(scope, digest)).size;
  auto blob = TRY(local_.open_blob(digest));
  if (size > kVerified) return blob;
  image::Hasher hasher(digest.algorithm());
  hasher.update(TRY(read_all(blob, Bytes{kVerified})));
  if (hasher.digest() == digest) return TRY(local_.open_blob(digest));
  return damaged(digest).error();
}

Result<void> ContentStore::verify(const Scope& scope, const image::Digest& digest) {
  TRY(info(scope, digest));
  const auto blob = TRY(local_.open_blob(digest));
  image::Hasher hasher(digest.algorithm());
  std::vector<char> buffer(size_t{1} << 20);
  for (int64_t offset = 0;;) {
    const size_t count = TRY(sys::pread(blob, buffer, offset));
    if (count == 0) break;
    hasher.update({buffer.data(), count});
    offset += static_cast<int64_t>(count);
  }
  return hasher.digest() == digest ? Result<void>() : damaged(digest);
}

Result<void> ContentStore::damaged(const image::Digest& digest) {
  TRY(forget(digest));
  return data_loss("content " + digest.str() + " was damaged on disk and is forgotten: pull it again");
}

Result<void> ContentStore::forget(const image::Digest& digest) {
  logging::error("forget a damaged blob", {{"digest", digest.str()}});
  std::lock_guard lock(placing_);
  TRY(database_.write([&](Session& session) -> Result<void> {
    return TRY(session.prepare("DELETE FROM content WHERE digest=?1")).bind(digest.str()).run();
  }));
  auto removed = local_.remove(digest);
  return removed.is(Code::kNotFound) ? Result<void>() : removed;
}

Result<void> ContentStore::drop_damaged() {
  std::vector<Blob> recorded;
  TRY(database_.read([&](Session& session) -> Result<void> {
    auto query = TRY(session.prepare("SELECT DISTINCT digest, size FROM content"));
    while (TRY(query.step())) recorded.push_back({TRY(image::Digest::parse(query.text(0))), query.integer(1)});
    return {};
  }));
  for (const Blob& blob : recorded) {
    const auto found = local_.stat(blob.digest);
    if (!found.ok() && !found.is(Code::kNotFound)) return found.error();
    if (!found.ok() || found->size != blob.size) TRY(forget(blob.digest));
  }
  return {};
}

Result<NamespacedWriter> ContentStore::writer(const Scope& scope, const std::string& ref, int64_t total,
                                              const image::Digest& expected) {
  if (!expected.empty() && info(scope, expected).ok()) {
    // What is written under a lease is to be kept by it, also where it was there before.
    TRY(database_.write([&](Session& session) { return add_to_lease(session, scope, "content", expected.str()); }));
    return already_exists("content " + expected.str());
  }
  TRY(database_.write([&](Session& session) -> Result<void> {
    TRY(touch_namespace(session, scope.ns));
    return add_to_lease(session, scope, "ingests", ref);
  }));
  auto writer = local_.writer(inner_ref(scope, ref), total, expected);
  if (writer.is(Code::kUnavailable)) return unavailable("ref " + ref + " locked");
  return NamespacedWriter(*this, scope, TRY(std::move(writer)), ref);
}

Result<IngestStatus> ContentStore::status(const Scope& scope, const std::string& ref) {
  auto status = local_.status(inner_ref(scope, ref));
  if (status.is(Code::kNotFound)) return not_found("ingest ref " + ref);
  if (status.ok()) status->ref = ref;
  return status;
}

Result<std::vector<IngestStatus>> ContentStore::list_statuses(const Scope& scope, const Filters& filters) {
  std::vector<IngestStatus> all;
  const std::string prefix = scope.ns + "/";
  for (IngestStatus& status : TRY(local_.list_statuses())) {
    if (!status.ref.starts_with(prefix)) continue;
    status.ref.erase(0, prefix.size());
    const auto field = [&](std::span<const std::string> path) {
      return path[0] == "ref" ? std::optional(status.ref) : std::nullopt;
    };
    if (filters.matches(field)) all.push_back(std::move(status));
  }
  return all;
}

Result<void> ContentStore::abort(const Scope& scope, const std::string& ref) {
  auto aborted = local_.abort(inner_ref(scope, ref));
  if (aborted.is(Code::kNotFound)) return not_found("ingest ref " + ref);
  if (aborted.is(Code::kUnavailable)) return unavailable("ref " + ref + " locked");
  TRY(std::move(aborted));
  return database_.write([&](Session& session) { return remove_from_leases(session, scope.ns, "ingests", ref); });
}

Result<bool> ContentStore::is_referenced(const image::Digest& digest) {
  bool found = false;
  TRY(database_.read([&](Session& session) -> Result<void> {
    auto query = TRY(session.prepare("SELECT 1 FROM content WHERE digest=?1"));
    found = TRY(query.bind(digest.str()).step());
    return {};
  }));
  return found;
}

Result<int64_t> ContentStore::remove_unreferenced() {
  int64_t freed = 0;
  for (const Blob& blob : TRY(local_.list())) {
    // One blob at a time, so that writers wait for no more than an unlink.
    std::lock_guard lock(placing_);
    if (TRY(is_referenced(blob.digest))) continue;
    auto removed = local_.remove(blob.digest);
    if (!removed.ok() && !removed.is(Code::kNotFound)) return std::move(removed).error();
    freed += blob.size;
  }
  return freed;
}

Result<void> ContentStore::expire_ingests(std::chrono::hours age) {
  for (const IngestStatus& status : TRY(local_.list_statuses())) {
    if (now() - status.updated_at < age) continue;
    const size_t slash = status.ref.find('/');
    bool leased = false;
    TRY(database_.read([&](Session& session) -> Result<void> {
      auto query = TRY(session.prepare("SELECT 1 FROM lease_resource WHERE ns=?1 AND type='ingests' AND id=?2"));
      leased = TRY(query.bind(status.ref.substr(0, slash)).bind(status.ref.substr(slash + 1)).step());
      return {};
    }));
    if (leased) continue;
    logging::info("drop a write that nobody went on with", {{"ref", status.ref}});
    auto aborted = local_.abort(status.ref);
    if (!aborted.ok() && !aborted.is(Code::kUnavailable)) return aborted;
  }
  return {};
}

}  // namespace hull::supervisor
