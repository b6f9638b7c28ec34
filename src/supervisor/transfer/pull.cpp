#include "supervisor/transfer/pull.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/daemon/thread.h"
#include "base/ids.h"
#include "spec/image/media_type.h"

namespace hull::supervisor {
namespace {

constexpr size_t kParallel = 3;
constexpr size_t kMaxDocuments = 1000;
constexpr int kMaxDepth = 4;

std::string key_of(const image::Descriptor& blob) {
  if (image::media::is_index(blob.media_type)) return "index-" + blob.digest.str();
  if (image::media::is_manifest(blob.media_type)) return "manifest-" + blob.digest.str();
  return (image::media::is_config(blob.media_type) ? "config-" : "layer-") + blob.digest.str();
}

class Puller {
 public:
  Puller(TransferJob& job, const RegistryPlace& from, const ImageNames& wanted)
      : job_(job), from_(from), wanted_(wanted) {}

  Result<image::Descriptor> resolve() {
    auto document = TRY(from_.client.manifest(job_.call, from_.reference).context("failed to resolve image"));
    image::Descriptor top{.media_type = document.media_type,
                          .digest = document.digest,
                          .size = static_cast<int64_t>(document.text.size())};
    resolved_ = std::move(document.text);
    return top;
  }

  /// The documents first; blobs in parallel after them.
  Result<void> fetch(const image::Descriptor& top) {
    TRY(fetch_document(top, "", 0, Parts::kAll));
    return fetch_blobs();
  }

 private:
  struct Wanted {
    image::Descriptor blob;
    std::string parent;
  };

  enum class Parts { kAll, kMetadata };
  Result<void> fetch_document(const image::Descriptor& document, const std::string& parent, int depth, Parts parts) {
    if (depth > kMaxDepth || ++documents_ > kMaxDocuments)
      return invalid_argument("the image has too many manifests, or too deep ones");
    std::string text = std::exchange(resolved_, "");
    if (text.empty()) text = TRY(from_.client.manifest(job_.call, from_.reference.with_digest(document.digest))).text;
    report("complete", document, parent, document.size);
    TRY(store_document(job_, document.media_type, text));
    TRY(note_source(document.digest));
    const std::string key = key_of(document);
    if (image::media::is_index(document.media_type)) {
      const auto index = TRY(image::parse_index(text));
      return fetch_entries(index.manifests, key, depth + 1);
    }
    const auto manifest = TRY(image::parse_manifest(text));
    blobs_.push_back({manifest.config, key});
    if (parts == Parts::kMetadata) return {};
    for (const auto& layer : manifest.layers) {
      if (image::media::is_foreign_layer(layer.media_type))
        return unimplemented("layer " + layer.digest.str() + " is a foreign layer, which is not supported");
      blobs_.push_back({layer, key});
    }
    return {};
  }

  Result<void> fetch_entries(const std::vector<image::Descriptor>& entries, const std::string& parent, int depth) {
    const auto chosen = meant(wanted_.platforms, entries);
    for (size_t i = 0; i < entries.size(); ++i) {
      const bool whole = std::ranges::binary_search(chosen, i);
      const bool metadata =
          wanted_.others == OtherImages::kMetadata && image::media::is_manifest(entries[i].media_type);
      if (whole || metadata) TRY(fetch_document(entries[i], parent, depth, whole ? Parts::kAll : Parts::kMetadata));
    }
    return {};
  }

  Result<void> fetch_blobs() {
    for (const auto& [blob, parent] : blobs_) report("waiting", blob, parent, 0);
    std::vector<Thread> threads;
    const auto work = [this] {
      for (size_t i = next_++; i < blobs_.size() && !failed(); i = next_++) {
        auto fetched = fetch_blob(blobs_[i]);
        if (!fetched.ok()) fail(std::move(fetched).error());
      }
    };
    for (size_t i = 1; i < std::min(kParallel, blobs_.size()); ++i)
      if (auto thread = Thread::start("pull", work); thread.ok()) threads.push_back(std::move(*thread));
    work();
    threads.clear();
    std::lock_guard lock(mutex_);
    return error_ ? Result<void>(*error_) : Result<void>();
  }

  Result<void> fetch_blob(const Wanted& wanted) {
    const auto& blob = wanted.blob;
    if (!TRY(is_stored(job_, blob.digest))) {
      const std::string ref = "transfer-" + random_hex(16);
      auto received = receive(wanted, ref);
      if (!received.ok()) (void)job_.stores.content.abort(job_.scope, ref).ok();
      TRY(std::move(received));
      TRY(is_stored(job_, blob.digest));
    }
    report("complete", blob, wanted.parent, blob.size);
    return note_source(blob.digest);
  }

  Result<void> receive(const Wanted& wanted, const std::string& ref) {
    const auto& blob = wanted.blob;
    auto writer = job_.stores.content.writer(job_.scope, ref, blob.size, blob.digest);
    if (writer.is(Code::kAlreadyExists)) return {};
    if (!writer.ok()) return std::move(writer).error();
    int64_t shown = 0;
    const auto sink = [&](std::string_view data) -> Result<void> {
      if (failed()) return cancelled("another blob could not be fetched");
      TRY(writer->write(data));
      if (writer->status().offset - shown >= (int64_t{1} << 20)) {
        shown = writer->status().offset;
        report("downloading", blob, wanted.parent, shown);
      }
      return {};
    };
    TRY(from_.client.blob(job_.call, from_.reference, blob, 0, sink));
    auto committed = writer->commit(blob.size, blob.digest, {});
    return committed.ok() || committed.is(Code::kAlreadyExists) ? Result<void>() : Result<void>(committed.error());
  }

  /// Where a push to the same registry may take it from.
  Result<void> note_source(const image::Digest& digest) {
    return add_labels(job_, digest,
                      {{"containerd.io/distribution.source." + from_.reference.domain(), from_.reference.path()}});
  }

  void report(const char* event, const image::Descriptor& blob, const std::string& parent, int64_t progress) {
    TransferProgress shown{.event = event, .name = key_of(blob), .progress = progress, .total = blob.size};
    shown.descriptor = blob;
    shown.parents.push_back(parent.empty() ? from_.name : parent);
    job_.report(shown);
  }
  bool failed() {
    std::lock_guard lock(mutex_);
    return error_.has_value();
  }
  void fail(Error error) {
    std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }

  TransferJob& job_;
  const RegistryPlace& from_;
  const ImageNames& wanted_;
  std::string resolved_;  // the first document's text
  size_t documents_ = 0;
  std::vector<Wanted> blobs_;
  std::atomic<size_t> next_ = 0;
  std::mutex mutex_;
  std::optional<Error> error_;  // guarded by mutex_
};

}  // namespace

Result<void> pull_image(TransferJob& job, const RegistryPlace& from, const ImageNames& wanted, const ImageKept& kept) {
  const auto lease = TRY(TransferLease::take(job.stores.leases, job.scope));
  const std::string place = "OCI Registry (" + from.name + ")";
  job.report({.event = "Resolving from " + place});
  Puller puller(job, from, wanted);
  const auto top = TRY(puller.resolve());
  job.report({.event = "Pulling from " + place});
  job.report({.event = "fetching image content", .name = from.name, .descriptor = top});
  TRY(puller.fetch(top));
  const auto images = TRY(link_documents(job, top, wanted.platforms, wanted.others));
  if (images.empty()) return not_found("no match for platform in manifest " + top.digest.str());
  TRY(unpack_wished(job, wanted, images));
  const auto names = names_of(wanted, top.digest);
  if (names.empty()) return invalid_argument("destination: no image name found");
  TRY(keep_image(job, top, wanted.labels, names, kept));
  job.report({.event = "Completed pull from " + place});
  return {};
}

}  // namespace hull::supervisor
