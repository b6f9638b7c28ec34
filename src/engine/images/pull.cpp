#include "engine/images/pull.h"

#include <future>

#include "base/daemon/thread_pool.h"
#include "base/log.h"
#include "base/rollback.h"
#include "engine/images/documents.h"
#include "engine/images/unpack.h"
#include "spec/image/media_type.h"

namespace hull::engine::images {
namespace {

constexpr size_t kParallelDownloads = 3;  // docker's max-concurrent-downloads
constexpr std::chrono::milliseconds kProgressInterval{100};

/// Stops all downloads when the caller stops, or when one of them failed.
class Downlink {
 public:
  explicit Downlink(const Call& call) : on_stop_(call.stop, [this] { source_.request_stop(); }) {
    call_ = {.stop = source_.get_token(), .deadline = call.deadline};
  }
  const Call& call() const { return call_; }
  void stop() { source_.request_stop(); }

 private:
  std::stop_source source_;
  Call call_;
  std::stop_callback<std::function<void()>> on_stop_;
};

class Puller {
 public:
  Puller(const Call& call, const PullJob& job)
      : job_(job),
        link_(call),
        call_(link_.call()),
        content_(job.lease.connection()),
        snapshotter_(job.store.snapshots().snapshotter()) {}

  Result<PulledImage> run();

 private:
  Result<void> choose_manifest();
  Result<void> fetch_config();
  Result<void> fetch_layers();
  Result<void> fetch_layer(const image::Descriptor& layer, const std::string& id);
  Result<void> download(const image::Descriptor& layer, const std::string& id);
  void abort(const std::string& ref);
  Result<void> receive(containerd::BlobWriter& writer, const image::Descriptor& layer, const std::string& id);
  Result<void> unpack_layers(std::vector<std::future<Result<void>>>& fetched, size_t unpacked);
  Result<void> store_documents();
  Result<bool> is_stored(const image::Descriptor& blob);

  const PullJob& job_;
  Downlink link_;
  const Call& call_;
  const containerd::Content content_;
  const std::string snapshotter_;
  registry::Document top_;                    ///< what the name stands for
  std::optional<registry::Document> chosen_;  ///< of an index, this platform's manifest
  image::Manifest manifest_;
  std::string config_text_;
  image::ImageConfig config_;
  std::atomic<bool> newer_ = false;
};

image::Descriptor descriptor_of(const registry::Document& document) {
  return {
      .media_type = document.media_type, .digest = document.digest, .size = static_cast<int64_t>(document.text.size())};
}

Result<PulledImage> Puller::run() {
  TRY(choose_manifest());
  TRY(fetch_config());
  TRY(fetch_layers());
  TRY(store_documents());
  return PulledImage{manifest_.config.digest, descriptor_of(top_), newer_};
}

Result<void> Puller::choose_manifest() {
  top_ = TRY(job_.registry.manifest(call_, job_.reference));
  constexpr int kMaxDepth = 1;  // an index in an index is nothing that images are made of
  const auto wanted = job_.platform.value_or(image::Platform::host());
  const auto runnable = image::runnable_on(wanted);
  for (int depth = 0; image::media::is_index((chosen_ ? *chosen_ : top_).media_type); ++depth) {
    const auto index = TRY(image::parse_index((chosen_ ? *chosen_ : top_).text));
    const image::Descriptor* best = nullptr;
    for (const auto& entry : index.manifests) {
      if (!entry.platform || image::rank(runnable, *entry.platform) < 0) continue;
      if (!best || image::rank(runnable, *entry.platform) < image::rank(runnable, *best->platform)) best = &entry;
    }
    if (!best || depth == kMaxDepth)
      return not_found("no matching manifest for " + wanted.str() + " in the manifest list entries");
    auto chosen = TRY(job_.registry.manifest(call_, job_.reference.with_digest(best->digest)));
    TRY(check_size({.digest = best->digest, .size = static_cast<int64_t>(chosen.text.size())}, *best));
    chosen_ = std::move(chosen);
  }
  const auto& document = chosen_ ? *chosen_ : top_;
  manifest_ = TRY(image::parse_manifest(document.text).context("read manifest of " + job_.reference.familiar()));
  if (!image::media::is_config(manifest_.config.media_type))
    return invalid_argument("manifest of " + job_.reference.familiar() + ": unsupported media type " +
                            manifest_.config.media_type + " of its configuration");
  TRY(check_depth(manifest_.layers.size()));
  for (const auto& layer : manifest_.layers)
    if (!image::media::is_layer(layer.media_type) || image::media::is_foreign_layer(layer.media_type))
      return invalid_argument("manifest of " + job_.reference.familiar() + ": unsupported media type " +
                              layer.media_type + " of layer " + layer.digest.str());
  return {};
}

Result<void> Puller::fetch_config() {
  const auto& blob = manifest_.config;
  if (blob.size > kMaxDocument.count)
    return Error(Code::kResourceExhausted, "configuration of " + job_.reference.familiar() + " has " +
                                               std::to_string(blob.size) + " bytes, more than 4 MiB");
  if (TRY(is_stored(blob))) {
    config_text_ = TRY(content_.read(call_, blob.digest, kMaxDocument));
  } else {
    TRY(job_.registry.blob(call_, job_.reference, blob, 0, [&](std::string_view data) -> Result<void> {
      config_text_ += data;
      return {};
    }));
  }
  config_ =
      TRY(json::parse<image::ImageConfig>(config_text_).context("read configuration of " + job_.reference.familiar()));
  if (config_.os != "linux" && !config_.os.empty())
    return failed_precondition("image operating system \"" + config_.os + "\" cannot be used on this platform");
  // An index chose by platform; a manifest that stands alone is of the one that its configuration says.
  if (job_.platform && !chosen_ && image::rank(image::runnable_on(*job_.platform), config_.platform()) < 0)
    return not_found("image with reference " + job_.reference.familiar() +
                     " was found but does not match the specified platform: wanted " + job_.platform->str() +
                     ", actual: " + config_.platform().str());
  if (config_.rootfs.diff_ids.size() != manifest_.layers.size())
    return data_loss("image config validation failed: " + std::to_string(manifest_.layers.size()) + " layers, but " +
                     std::to_string(config_.rootfs.diff_ids.size()) + " diff ids");
  return {};
}

Result<bool> Puller::is_stored(const image::Descriptor& blob) {
  TRY(job_.lease.keep_blob(call_, blob.digest));
  const auto info = content_.info(call_, blob.digest);
  if (!info.ok() && !info.is(Code::kNotFound)) return info.error();
  if (info.ok()) TRY(check_size(*info, blob));
  return info.ok();
}

Result<void> Puller::fetch_layers() {
  const auto& layers = manifest_.layers;
  const std::span diff_ids(config_.rootfs.diff_ids);
  // The topmost snapshot that is there needs those below it, so they are there, too.
  const containerd::Snapshots snapshots(job_.lease.connection(), snapshotter_);
  size_t unpacked = layers.size();
  for (; unpacked > 0; --unpacked) {
    const std::string chain = image::chain_id(diff_ids.first(unpacked)).str();
    TRY(job_.lease.keep_snapshot(call_, snapshotter_, chain));
    if (snapshots.stat(call_, chain).ok()) break;
  }
  std::vector<std::future<Result<void>>> fetched;
  ThreadPool pool("hull-pull", kParallelDownloads);
  bool all_ended = false;
  const Defer stop_all([&] {  // before the pool waits for its tasks
    if (!all_ended) link_.stop();
  });
  for (size_t i = 0; i < layers.size(); ++i) {
    const std::string id = short_id(layers[i].digest.str());
    const bool stored = TRY(is_stored(layers[i]));
    TRY(job_.progress.status(id, stored && i < unpacked ? "Already exists" : "Pulling fs layer"));
    auto task = std::make_shared<std::packaged_task<Result<void>()>>(
        [this, &layer = layers[i], id, stored] { return stored ? Result<void>() : fetch_layer(layer, id); });
    fetched.push_back(task->get_future());
    pool.submit([task] { (*task)(); });
  }
  TRY(unpack_layers(fetched, unpacked));
  all_ended = true;
  return {};
}

Result<void> Puller::unpack_layers(std::vector<std::future<Result<void>>>& fetched, size_t unpacked) {
  const std::span diff_ids(config_.rootfs.diff_ids);
  Unpacker unpacker(job_.lease, snapshotter_);
  for (size_t i = 0; i < fetched.size(); ++i) {
    const auto& layer = manifest_.layers[i];
    const std::string id = short_id(layer.digest.str());
    TRY(fetched[i].get());
    if (i < unpacked) continue;
    const api::ProgressDetail detail{.current = layer.size, .total = layer.size};
    TRY(job_.progress.send({.status = "Extracting", .detail = detail, .bar = api::draw_bar(detail), .id = id}));
    TRY(unpacker.unpack(call_, diff_ids.first(i + 1), layer));
    TRY(content_.set_labels(call_, layer.digest, {{"containerd.io/uncompressed", diff_ids[i].str()}}));
    TRY(job_.progress.status(id, "Pull complete"));
  }
  return {};
}

Result<void> Puller::fetch_layer(const image::Descriptor& layer, const std::string& id) {
  constexpr int kMaxRounds = 8;
  for (int round = 0; round < kMaxRounds; ++round) {
    if (call_.stop.stop_requested()) return cancelled("context canceled");
    if (TRY(job_.downloads.once(call_, layer.digest, [&] { return download(layer, id); }))) return {};
    // Another pull had it in hand; where that one failed, it is our turn.
    if (TRY(is_stored(layer))) return job_.progress.status(id, "Download complete");
  }
  return unavailable("download layer " + layer.digest.str() + ": others that began it failed");
}

Result<void> Puller::download(const image::Descriptor& layer, const std::string& id) {
  newer_ = true;
  // The same for all pulls, so that a later one goes on where this one broke off.
  const std::string ref = "layer-" + layer.digest.str();
  const containerd::WriteOptions options{.ref = ref, .expected = layer.digest, .total = layer.size};
  auto writer = content_.writer(call_, options);
  if (writer.is(Code::kFailedPrecondition)) {
    // Begun under another size: one of the two registries is wrong, and it need not be this one.
    abort(ref);
    writer = content_.writer(call_, options);
  }
  if (writer.is(Code::kAlreadyExists) && TRY(is_stored(layer))) return job_.progress.status(id, "Download complete");
  if (!writer.ok()) return std::move(writer).error();
  const bool resumed = (*writer)->offset() > 0;
  auto received = receive(**writer, layer, id);
  if (received.ok()) return job_.progress.status(id, "Download complete");
  writer->reset();
  if (received.is(Code::kUnavailable) || received.is(Code::kCancelled)) return received;
  abort(ref);
  if (!received.is(Code::kDataLoss) || !resumed) return received;
  // What lay there may have come from another registry: once more, from the beginning.
  logging::warn("download again what was resumed", {{"layer", layer.digest.str()}});
  return download(layer, id);
}

void Puller::abort(const std::string& ref) {
  const auto aborted = content_.abort(Call::within(std::chrono::seconds(10)), ref);
  if (!aborted.ok()) logging::warn("abort ingest", {{"ref", ref}, {"error", aborted.error().message()}});
}

Result<void> Puller::receive(containerd::BlobWriter& writer, const image::Descriptor& layer, const std::string& id) {
  int64_t current = writer.offset();
  auto next_report = std::chrono::steady_clock::now();
  const auto take = [&](std::string_view data) -> Result<void> {
    TRY(writer.write(data));
    current += static_cast<int64_t>(data.size());
    if (const auto time = std::chrono::steady_clock::now(); time >= next_report || current == layer.size) {
      next_report = time + kProgressInterval;
      const api::ProgressDetail detail{.current = current, .total = layer.size};
      TRY(job_.progress.send({.status = "Downloading", .detail = detail, .bar = api::draw_bar(detail), .id = id}));
    }
    return {};
  };
  if (current > layer.size) return data_loss("layer " + layer.digest.str() + ": more was received than it has");
  TRY(job_.registry.blob(call_, job_.reference, layer, current, take));
  TRY(job_.progress.status(id, "Verifying Checksum"));
  const auto committed =
      writer.commit(layer.size, layer.digest, {{source_label(job_.reference), job_.reference.path()}});
  if (committed.is(Code::kFailedPrecondition))
    return data_loss("filesystem layer verification failed for digest " + layer.digest.str());
  if (!committed.ok() && !committed.is(Code::kAlreadyExists)) return committed.error();
  return {};
}

Result<void> Puller::store_documents() {
  const containerd::Labels source{{source_label(job_.reference), job_.reference.path()}};
  TRY(store_document(call_, content_, manifest_.config.digest, config_text_, source));
  const auto& document = chosen_ ? *chosen_ : top_;
  TRY(store_document(call_, content_, document.digest, document.text, {}));
  TRY(link_manifest(call_, job_.lease.connection(), snapshotter_, document.digest, manifest_, config_.rootfs.diff_ids));
  if (!chosen_) return {};
  TRY(store_document(call_, content_, top_.digest, top_.text, {}));
  return link_index(call_, job_.lease.connection(), top_.digest, TRY(image::parse_index(top_.text)));
}

}  // namespace

std::string source_label(const image::Reference& repository) {
  return "containerd.io/distribution.source." + repository.domain();
}

Result<PulledImage> pull_image(const Call& call, const PullJob& job) { return Puller(call, job).run(); }

}  // namespace hull::engine::images
