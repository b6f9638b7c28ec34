#pragma once

#include <mutex>

#include "supervisor/content/local_store.h"
#include "supervisor/metadata/filter.h"
#include "supervisor/metadata/records.h"

namespace hull::supervisor {

struct ContentInfo {
  image::Digest digest;
  int64_t size = 0;
  Labels labels;
  Timestamp created{};
  Timestamp updated{};
};

/// A write within a namespace; see ContentWriter.
class NamespacedWriter {
 public:
  const IngestStatus& status() const { return status_; }
  Result<void> write(std::string_view data);
  Result<void> restart();
  image::Digest digest() const { return writer_.digest(); }
  /// Errors as ContentWriter::commit(); kAlreadyExists only where this namespace has the blob already.
  Result<ContentInfo> commit(int64_t size, const image::Digest& expected, const Labels& labels);

 private:
  friend class ContentStore;
  NamespacedWriter(class ContentStore& store, Scope scope, ContentWriter writer, std::string ref);

  ContentStore& store_;
  Scope scope_;
  ContentWriter writer_;
  IngestStatus status_;  // with the ref as the client gave it
};

/// Blobs as namespaces see them: each has its own set with its own labels; the bytes are there once.
class ContentStore {
 public:
  ContentStore(Database& database, LocalStore& local) : database_(database), local_(local) {}

  Result<ContentInfo> info(const Scope& scope, const image::Digest& digest);
  Result<ContentInfo> update(const Scope& scope, const ContentInfo& info, const Mask& mask);
  Result<std::vector<ContentInfo>> list(const Scope& scope, const Filters& filters);
  /// The bytes go with the next garbage collection.
  Result<void> remove(const Scope& scope, const image::Digest& digest);
  /// Manifests and configurations are verified each time; a damaged one is forgotten, so that the next pull brings it.
  /// Errors: kNotFound; kDataLoss.
  Result<UniqueFd> open_blob(const Scope& scope, const image::Digest& digest);
  /// Reads it to the end; a damaged one is forgotten. Errors: kNotFound; kDataLoss.
  Result<void> verify(const Scope& scope, const image::Digest& digest);

  /// Errors: kAlreadyExists: the namespace has the expected blob; kUnavailable: another writer has the ref.
  Result<NamespacedWriter> writer(const Scope& scope, const std::string& ref, int64_t total,
                                  const image::Digest& expected);
  Result<IngestStatus> status(const Scope& scope, const std::string& ref);
  Result<std::vector<IngestStatus>> list_statuses(const Scope& scope, const Filters& filters);
  Result<void> abort(const Scope& scope, const std::string& ref);

  /// Forgets blobs whose file is not there or has another size: at the start, for what a crash or a hand did.
  Result<void> drop_damaged();
  /// Deletes the bytes that no namespace has a record of.
  Result<int64_t> remove_unreferenced();
  /// Aborts writes that stood still for so long, unless a lease keeps them.
  Result<void> expire_ingests(std::chrono::hours age);

 private:
  friend class NamespacedWriter;
  Result<void> record(const Scope& scope, const ContentInfo& info, const std::string& ref);
  Result<void> forget(const image::Digest& digest);
  /// Forgets it and says so: never ok.
  Result<void> damaged(const image::Digest& digest);
  Result<bool> is_referenced(const image::Digest& digest);

  Database& database_;
  LocalStore& local_;
  /// Held while a blob and its record come or go together, so that no committed blob is taken for garbage.
  std::mutex placing_;
};

}  // namespace hull::supervisor
