#include "engine/images/push.h"

#include <algorithm>
#include <future>
#include <set>

#include "base/daemon/thread_pool.h"
#include "base/rollback.h"
#include "base/text.h"
#include "engine/images/pull.h"
#include "spec/image/media_type.h"

namespace hull::engine::images {
namespace {

constexpr size_t kParallelUploads = 3;
constexpr std::chrono::milliseconds kProgressInterval{100};

/// A stored blob as a body to send.
struct BlobBody {
  std::unique_ptr<containerd::BlobReader> reader;
  std::string_view rest;
  int64_t sent = 0;
  std::chrono::steady_clock::time_point next_report{};
};

class Pusher {
 public:
  Pusher(const Call& call, const PushJob& job) : caller_(call), job_(job) {
    call_ = {.stop = source_.get_token(), .deadline = call.deadline};
  }

  Result<image::Descriptor> run();

 private:
  /// What goes to the registry, each of it once however often an index names it.
  struct Parts {
    std::vector<image::Descriptor> manifests;
    std::vector<image::Descriptor> layers;
    std::vector<image::Descriptor> configs;
    std::set<image::Digest> seen_manifests;
    std::set<image::Digest> seen_blobs;
  };
  Result<void> add_manifest(Parts& parts, const image::Descriptor& descriptor);
  /// No manifests where the index is not here as a whole.
  Result<Parts> parts_of_index();
  Result<void> push_blobs(const Parts& parts);
  Result<void> push_manifest(const image::Reference& reference, const image::Descriptor& manifest);
  Result<void> push_blob(const image::Descriptor& blob, const std::string& id);
  Result<size_t> read(BlobBody& body, std::span<char> buffer, const image::Descriptor& blob, const std::string& id);
  std::optional<std::string> mount_source(const image::Digest& digest);
  Result<void> note_source(const image::Digest& digest);

  const Call& caller_;
  const PushJob& job_;
  std::stop_source source_;
  std::stop_callback<std::function<void()>> on_stop_{caller_.stop, [this] { source_.request_stop(); }};
  Call call_;
};

Result<image::Descriptor> Pusher::run() {
  const bool is_index = image::media::is_index(job_.target.media_type);
  Parts parts;
  if (is_index) parts = TRY(parts_of_index());
  image::Descriptor top = job_.target;
  if (parts.manifests.empty()) {
    if (is_index) top = TRY(job_.store.image_of(call_, job_.target))->descriptor;
    TRY(add_manifest(parts, top));
  }
  TRY(push_blobs(parts));
  if (top.digest == job_.target.digest && is_index)
    for (const auto& child : parts.manifests) TRY(push_manifest(job_.reference.with_digest(child.digest), child));
  TRY(push_manifest(job_.reference, top));
  return top;
}

Result<void> Pusher::push_manifest(const image::Reference& reference, const image::Descriptor& manifest) {
  const auto text = TRY(job_.store.content().read(call_, manifest.digest, kMaxDocument));
  return job_.registry.push_manifest(call_, reference, {manifest.media_type, manifest.digest, text});
}

Result<void> Pusher::add_manifest(Parts& parts, const image::Descriptor& descriptor) {
  if (!parts.seen_manifests.insert(descriptor.digest).second) return {};
  const auto manifest =
      TRY(image::parse_manifest(TRY(job_.store.content().read(call_, descriptor.digest, kMaxDocument))));
  for (const auto& layer : manifest.layers)
    if (parts.seen_blobs.insert(layer.digest).second) parts.layers.push_back(layer);
  if (parts.seen_blobs.insert(manifest.config.digest).second) parts.configs.push_back(manifest.config);
  parts.manifests.push_back(descriptor);
  return {};
}

Result<Pusher::Parts> Pusher::parts_of_index() {
  const auto index = TRY(image::parse_index(TRY(job_.store.content().read(call_, job_.target.digest, kMaxDocument))));
  Parts out;
  const auto is_stored = [&](const image::Descriptor& blob) {
    return job_.store.content().info(call_, blob.digest).ok();
  };
  for (const auto& child : index.manifests)
    if (!add_manifest(out, child).ok()) return Parts();
  if (!std::ranges::all_of(out.configs, is_stored) || !std::ranges::all_of(out.layers, is_stored)) return Parts();
  return out;
}

Result<void> Pusher::push_blobs(const Parts& parts) {
  std::vector<std::future<Result<void>>> pushed;
  ThreadPool pool("hull-push", kParallelUploads);
  bool all_ended = false;
  const Defer stop_all([&] {  // before the pool waits for its tasks
    if (!all_ended) source_.request_stop();
  });
  const auto begin = [&](const image::Descriptor& blob, std::string id) {
    auto task = std::make_shared<std::packaged_task<Result<void>()>>([this, blob, id] { return push_blob(blob, id); });
    pushed.push_back(task->get_future());
    pool.submit([task] { (*task)(); });
  };
  for (const auto& layer : parts.layers) {
    TRY(job_.progress.status(short_id(layer.digest.str()), "Preparing"));
    begin(layer, short_id(layer.digest.str()));
  }
  for (const auto& config : parts.configs) begin(config, "");
  for (auto& one : pushed) TRY(one.get());
  all_ended = true;
  return {};
}

Result<void> Pusher::push_blob(const image::Descriptor& blob, const std::string& id) {
  if (call_.stop.stop_requested()) return cancelled("context canceled");
  const auto open = [&]() -> Result<registry::BodySource> {
    auto body = std::make_shared<BlobBody>();
    body->reader = TRY(job_.store.content().open(call_, blob.digest));
    return registry::BodySource(
        [this, body, &blob, &id](std::span<char> buffer) { return read(*body, buffer, blob, id); });
  };
  const auto mount_from = mount_source(blob.digest);
  const auto pushed = TRY(job_.registry.push_blob(call_, job_.reference, blob, mount_from, open));
  TRY(note_source(blob.digest));
  if (id.empty()) return {};
  switch (pushed) {
    case registry::Pushed::kUploaded: return job_.progress.status(id, "Pushed");
    case registry::Pushed::kMounted: return job_.progress.status(id, "Mounted from " + mount_from.value_or(""));
    case registry::Pushed::kExisted: return job_.progress.status(id, "Layer already exists");
  }
  return {};
}

Result<size_t> Pusher::read(BlobBody& body, std::span<char> buffer, const image::Descriptor& blob,
                            const std::string& id) {
  if (body.rest.empty()) body.rest = TRY(body.reader->next());
  const size_t count = body.rest.copy(buffer.data(), buffer.size());
  body.rest.remove_prefix(count);
  body.sent += static_cast<int64_t>(count);
  const auto time = std::chrono::steady_clock::now();
  if (!id.empty() && (time >= body.next_report || body.sent == blob.size)) {
    body.next_report = time + kProgressInterval;
    const api::ProgressDetail detail{.current = body.sent, .total = blob.size};
    TRY(job_.progress.send({.status = "Pushing", .detail = detail, .bar = api::draw_bar(detail), .id = id}));
  }
  return count;
}

std::optional<std::string> Pusher::mount_source(const image::Digest& digest) {
  const auto info = job_.store.content().info(call_, digest);
  if (!info.ok()) return std::nullopt;
  const auto label = info->labels.find(source_label(job_.reference));
  if (label == info->labels.end()) return std::nullopt;
  for (const auto path : split(label->second, ','))
    if (!path.empty() && path != job_.reference.path()) return std::string(path);
  return std::nullopt;
}

Result<void> Pusher::note_source(const image::Digest& digest) {
  const auto info = TRY(job_.store.content().info(call_, digest));
  const std::string label = source_label(job_.reference);
  const auto found = info.labels.find(label);
  std::string paths = found == info.labels.end() ? "" : found->second;
  const auto known = split(paths, ',');
  constexpr size_t kMaxLabelBytes = 2048;  // containerd takes 4096 for key and value
  if (std::ranges::count(known, job_.reference.path()) > 0 || paths.size() > kMaxLabelBytes) return {};
  if (!paths.empty()) paths += ',';
  return job_.store.content().set_labels(call_, digest, {{label, paths + job_.reference.path()}});
}

}  // namespace

Result<image::Descriptor> push_image(const Call& call, const PushJob& job) { return Pusher(call, job).run(); }

}  // namespace hull::engine::images
