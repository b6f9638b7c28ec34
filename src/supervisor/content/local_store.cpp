#include "supervisor/content/local_store.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/files.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/rollback.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull::supervisor {
namespace {

constexpr mode_t kUnflushed = 0400;
constexpr mode_t kFlushed = 0444;

Timestamp from_timespec(const timespec& time) {
  return Timestamp(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

Result<std::string> read_small(const std::string& path) { return read_file(path, 64_KiB); }

Result<image::Digest> digest_of(FdRef file, image::Algorithm algorithm) {
  image::Hasher hasher(algorithm);
  std::string buffer(1 << 20, '\0');
  while (const size_t count = TRY(sys::read(file, buffer))) hasher.update({buffer.data(), count});
  return hasher.digest();
}

}  // namespace

Result<std::unique_ptr<LocalStore>> LocalStore::open(const std::string& root, Flusher& flusher) {
  for (const char* folder : {"/blobs/sha256", "/blobs/sha384", "/blobs/sha512", "/ingest"})
    TRY(make_directories(root + folder, 0711));
  std::unique_ptr<LocalStore> store(new LocalStore(root, flusher));
  TRY(store->clear_leftovers());
  TRY(store->verify_unflushed());
  return store;
}

Result<void> LocalStore::clear_leftovers() {
  // Folders that a killed daemon was making, or whose data it had just made a blob.
  for (const std::string& name : TRY(list_directory(root_ + "/ingest"))) {
    const std::string folder = root_ + "/ingest/" + name;
    if (name.starts_with("new-") || !read_status(folder).ok()) TRY(remove_tree(folder));
  }
  return {};
}

Result<void> LocalStore::verify_unflushed() {
  for (const Blob& blob : TRY(list())) {
    if (blob.flushed) continue;
    const auto digest = TRY(digest_of(TRY(open_blob(blob.digest)), blob.digest.algorithm()));
    if (digest == blob.digest) {
      flush_later(digest);
      continue;
    }
    logging::error("remove a blob that did not get to disk", {{"digest", blob.digest.str()}});
    TRY(remove(blob.digest));
  }
  return {};
}

void LocalStore::flush_later(const image::Digest& digest) {
  const std::string path = blob_path(digest);
  const int64_t ticket = next_ticket_++;
  unflushed_.with([&](auto& unflushed) { unflushed[path] = ticket; });
  flusher_.flush_later(root_, [this, path, ticket] {
    unflushed_.with([&](auto& unflushed) {
      const auto found = unflushed.find(path);
      if (found == unflushed.end() || found->second != ticket) return;
      unflushed.erase(found);
      auto marked = sys::chmod(path, kFlushed);
      if (!marked.ok()) logging::warn("mark blob", {{"path", path}, {"error", marked.error().message()}});
    });
  });
}

Result<void> LocalStore::place(const std::string& data, const image::Digest& digest) {
  const std::string path = blob_path(digest);
  // From here on no earlier flush speaks for the file of that name.
  unflushed_.with([&](auto& unflushed) { unflushed.erase(path); });
  // Over one that is there, too: these bytes were verified just now, and whoever reads the old file keeps it.
  TRY(sys::rename(data, path));
  flush_later(digest);
  return {};
}

std::string LocalStore::blob_path(const image::Digest& digest) const {
  return root_ + "/blobs/" + std::string(to_string(digest.algorithm())) + "/" + std::string(digest.hex());
}

std::string LocalStore::ingest_folder(const std::string& ref) const {
  return root_ + "/ingest/" + std::string(image::Digest::of(ref).hex());
}

Result<Blob> LocalStore::stat(const image::Digest& digest) const {
  auto status = sys::stat(blob_path(digest));
  if (status.is(Code::kNotFound)) return not_found("content " + digest.str());
  const auto found = TRY(std::move(status));
  return Blob{digest, found.st_size, (found.st_mode & 0777) != kUnflushed};
}

Result<UniqueFd> LocalStore::open_blob(const image::Digest& digest) const {
  auto file = sys::open(blob_path(digest), O_RDONLY);
  if (file.is(Code::kNotFound)) return not_found("content " + digest.str());
  return file;
}

Result<void> LocalStore::remove(const image::Digest& digest) {
  const std::string path = blob_path(digest);
  unflushed_.with([&](auto& unflushed) { unflushed.erase(path); });
  auto removed = sys::unlink(path);
  if (removed.is(Code::kNotFound)) return not_found("content " + digest.str());
  return removed;
}

Result<std::vector<Blob>> LocalStore::list() const {
  std::vector<Blob> blobs;
  for (const char* algorithm : {"sha256", "sha384", "sha512"}) {
    for (const std::string& hex : TRY(list_directory(root_ + "/blobs/" + algorithm))) {
      auto digest = image::Digest::parse(std::string(algorithm) + ":" + hex);
      if (!digest.ok()) continue;  // not ours
      auto blob = stat(*digest);
      if (blob.ok()) blobs.push_back(std::move(blob).value());
    }
  }
  return blobs;
}

Result<void> LocalStore::lock(const std::string& ref) {
  const bool fresh = locked_.with([&](auto& locked) { return locked.insert(ref).second; });
  if (!fresh) return unavailable("ref " + ref + " locked");
  return {};
}

void LocalStore::unlock(const std::string& ref) {
  locked_.with([&](auto& locked) { locked.erase(ref); });
}

Result<IngestStatus> LocalStore::read_status(const std::string& folder) const {
  IngestStatus status;
  status.ref = TRY(read_small(folder + "/ref"));
  const auto data = TRY(sys::stat(folder + "/data"));
  status.offset = data.st_size;
  status.updated_at = from_timespec(data.st_mtim);
  status.started_at = TRY(parse_rfc3339(TRY(read_small(folder + "/startedat")))).value_or(Timestamp());
  status.total = parse_integer<int64_t>(TRY(read_small(folder + "/total"))).value_or(0);
  const std::string expected = TRY(read_small(folder + "/expected"));
  if (!expected.empty()) status.expected = TRY(image::Digest::parse(expected));
  return status;
}

Result<IngestStatus> LocalStore::create_ingest(const std::string& folder, const IngestStatus& wanted) {
  // Made aside and renamed, so that a folder of that name is always complete; a killed daemon's leftover goes.
  const std::string fresh = root_ + "/ingest/new-" + random_hex(16);
  Rollback undo;
  TRY(sys::mkdir(fresh, 0700));
  undo.add([&] { return remove_tree(fresh); });
  TRY(replace_file(fresh + "/ref", wanted.ref, 0600, Durable::kNo));
  TRY(replace_file(fresh + "/startedat", format_rfc3339(wanted.started_at), 0600, Durable::kNo));
  TRY(replace_file(fresh + "/total", std::to_string(wanted.total), 0600, Durable::kNo));
  TRY(replace_file(fresh + "/expected", wanted.expected.str(), 0600, Durable::kNo));
  TRY(sys::open(fresh + "/data", O_WRONLY | O_CREAT | O_EXCL, 0600));
  TRY(remove_tree(folder));
  TRY(sys::rename(fresh, folder));
  undo.commit();
  return wanted;
}

Result<ContentWriter> LocalStore::writer(const std::string& ref, int64_t total, const image::Digest& expected) {
  if (ref.empty()) return invalid_argument("ref must not be empty");
  TRY(lock(ref));
  Rollback undo;
  undo.add([&] { return unlock(ref), Result<void>(); });
  const std::string folder = ingest_folder(ref);
  auto status = read_status(folder);
  const bool resumed = status.ok() && status->ref == ref;
  if (!resumed) {
    IngestStatus wanted{ref, 0, total, expected, now(), now()};
    status = create_ingest(folder, wanted);
  }
  auto known = TRY(std::move(status));
  if (total > 0 && known.total > 0 && known.total != total)
    return failed_precondition("provided total differs from status: " + std::to_string(total) +
                               " != " + std::to_string(known.total));
  if (known.total == 0) known.total = total;
  if (known.expected.empty()) known.expected = expected;
  ContentWriter writer(this, std::move(known), folder);
  undo.commit();  // the writer unlocks
  TRY(writer.open_data());
  return writer;
}

Result<IngestStatus> LocalStore::status(const std::string& ref) const {
  auto status = read_status(ingest_folder(ref));
  if (status.is(Code::kNotFound)) return not_found("status for ref " + ref);
  return status;
}

Result<std::vector<IngestStatus>> LocalStore::list_statuses() const {
  std::vector<IngestStatus> all;
  for (const std::string& name : TRY(list_directory(root_ + "/ingest"))) {
    if (name.starts_with("new-")) continue;
    auto status = read_status(root_ + "/ingest/" + name);
    if (status.ok()) all.push_back(std::move(status).value());
  }
  return all;
}

Result<void> LocalStore::abort(const std::string& ref) {
  TRY(lock(ref));
  const Defer release([&] { unlock(ref); });
  const std::string folder = ingest_folder(ref);
  if (!exists(folder)) return not_found("ingest ref " + ref);
  return remove_tree(folder);
}

ContentWriter::ContentWriter(ContentWriter&& other) noexcept
    : store_(std::exchange(other.store_, nullptr)),
      status_(std::move(other.status_)),
      folder_(std::move(other.folder_)),
      data_(std::move(other.data_)),
      hasher_(std::move(other.hasher_)) {}

ContentWriter::~ContentWriter() {
  if (store_) store_->unlock(status_.ref);
}

Result<void> ContentWriter::open_data() {
  // What a former writer left is hashed again: only bytes that this writer saw count.
  data_ = TRY(sys::open(folder_ + "/data", O_RDWR));
  hasher_ = image::Hasher(status_.expected.empty() ? image::Algorithm::kSha256 : status_.expected.algorithm());
  std::string buffer(1 << 20, '\0');
  status_.offset = 0;
  while (const size_t count = TRY(sys::read(data_, buffer))) {
    hasher_.update({buffer.data(), count});
    status_.offset += static_cast<int64_t>(count);
  }
  return {};
}

Result<void> ContentWriter::write(std::string_view data) {
  // At the offset, whatever a write that failed half-way left behind it.
  TRY(sys::pwrite_all(data_, data, status_.offset));
  hasher_.update(data);
  status_.offset += static_cast<int64_t>(data.size());
  status_.updated_at = now();
  return {};
}

Result<void> ContentWriter::restart() {
  TRY(sys::ftruncate(data_, 0));
  hasher_ = image::Hasher(status_.expected.empty() ? image::Algorithm::kSha256 : status_.expected.algorithm());
  status_.offset = 0;
  return {};
}

Result<Blob> ContentWriter::commit(int64_t size, const image::Digest& expected) {
  if (size > 0 && size != status_.offset)
    return failed_precondition("unexpected commit size " + std::to_string(status_.offset) + ", expected " +
                               std::to_string(size));
  image::Digest digest = hasher_.digest();
  if (!expected.empty() && expected.algorithm() != digest.algorithm()) {
    // The algorithm was not known when the write began.
    status_.expected = expected;
    TRY(sys::lseek(data_, 0, SEEK_SET));
    TRY(open_data());
    digest = hasher_.digest();
  }
  if (!expected.empty() && expected != digest) {
    TRY(restart());
    return failed_precondition("unexpected commit digest " + digest.str() + ", expected " + expected.str());
  }
  const bool existed = exists(store_->blob_path(digest));
  TRY(sys::ftruncate(data_, status_.offset));  // a write that failed may have left more
  TRY(sys::fchmod(data_, kUnflushed));
  TRY(store_->place(folder_ + "/data", digest));
  // The folder is of no use any more; where this fails, the next start clears it.
  if (auto removed = remove_tree(folder_); !removed.ok())
    logging::warn("remove ingest", {{"ref", status_.ref}, {"error", removed.error().message()}});
  if (existed) return already_exists("content " + digest.str());
  return Blob{digest, status_.offset};
}

}  // namespace hull::supervisor
