#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/guarded.h"
#include "base/result.h"
#include "base/time.h"
#include "spec/image/digest.h"
#include "supervisor/disk/flusher.h"

namespace hull::supervisor {

/// A write that has not ended.
struct IngestStatus {
  std::string ref;
  int64_t offset = 0;  ///< bytes that are there
  int64_t total = 0;   ///< as announced, 0 where it was not
  image::Digest expected;
  Timestamp started_at{};
  Timestamp updated_at{};
};

struct Blob {
  image::Digest digest;
  int64_t size = 0;
  bool flushed = true;  ///< it is known to be on disk
};

class LocalStore;

/// The only way to make a blob. Holds the ref's lock while it lives; what was written stays for a later writer to go on
/// with, unless it was committed or aborted.
class ContentWriter {
 public:
  ContentWriter(ContentWriter&& other) noexcept;
  ContentWriter& operator=(ContentWriter&&) = delete;
  ~ContentWriter();

  const IngestStatus& status() const { return status_; }
  /// Appends.
  Result<void> write(std::string_view data);
  /// Back to the beginning.
  Result<void> restart();
  /// Of the bytes so far.
  image::Digest digest() const { return hasher_.digest(); }
  /// Makes the bytes a blob: verified, then renamed into place. The disk has them a little later. size 0 and an empty
  /// digest are not checked. Errors: kFailedPrecondition: another size, or another digest, after which the write is at
  /// its beginning again: no byte can be added that would mend it. kAlreadyExists: the blob was there; it now has these
  /// verified bytes.
  Result<Blob> commit(int64_t size, const image::Digest& expected);

 private:
  friend class LocalStore;
  ContentWriter(LocalStore* store, IngestStatus status, std::string folder)
      : store_(store), status_(std::move(status)), folder_(std::move(folder)) {}
  Result<void> open_data();

  LocalStore* store_;
  IngestStatus status_;
  std::string folder_;
  UniqueFd data_;
  image::Hasher hasher_;
};

/// Blobs by digest in a directory, and the writes that make them. A file below blobs/ is always whole and verified: one
/// that others may read is on disk, too; one that only its owner may read was not yet when the daemon or the machine
/// stopped, and is verified again by open(). Knows nothing of namespaces and labels (see metadata/).
///
///     <root>/blobs/sha256/<hex>
///     <root>/ingest/<hex of the ref's sha256>/{ref,data,total,expected,startedat}
class LocalStore {
 public:
  static Result<std::unique_ptr<LocalStore>> open(const std::string& root, Flusher& flusher);

  /// Errors: kNotFound.
  Result<Blob> stat(const image::Digest& digest) const;
  Result<UniqueFd> open_blob(const image::Digest& digest) const;
  Result<void> remove(const image::Digest& digest);
  Result<std::vector<Blob>> list() const;

  /// Begins or goes on with a write. Errors: kUnavailable: another writer has the ref.
  Result<ContentWriter> writer(const std::string& ref, int64_t total, const image::Digest& expected);
  /// Errors: kNotFound.
  Result<IngestStatus> status(const std::string& ref) const;
  Result<std::vector<IngestStatus>> list_statuses() const;
  /// Errors: kNotFound; kUnavailable: a writer has the ref.
  Result<void> abort(const std::string& ref);

  const std::string& root() const { return root_; }

 private:
  friend class ContentWriter;
  LocalStore(std::string root, Flusher& flusher) : root_(std::move(root)), flusher_(flusher) {}
  Result<void> clear_leftovers();
  Result<void> verify_unflushed();
  Result<void> place(const std::string& data, const image::Digest& digest);
  void flush_later(const image::Digest& digest);
  std::string blob_path(const image::Digest& digest) const;
  std::string ingest_folder(const std::string& ref) const;
  Result<IngestStatus> read_status(const std::string& folder) const;
  Result<IngestStatus> create_ingest(const std::string& folder, const IngestStatus& wanted);
  Result<void> lock(const std::string& ref);
  void unlock(const std::string& ref);

  const std::string root_;
  Flusher& flusher_;
  Guarded<std::set<std::string>> locked_;
  /// By path, which of a digest's files is to be marked: one may have come over another since.
  Guarded<std::map<std::string, int64_t>> unflushed_;
  std::atomic<int64_t> next_ticket_ = 1;
};

}  // namespace hull::supervisor
