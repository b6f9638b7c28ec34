#include "engine/images/import_layer.h"

#include <fcntl.h>

#include <algorithm>

#include "archive/apply.h"
#include "archive/compression.h"
#include "archive/share.h"
#include "base/ids.h"
#include "base/rollback.h"
#include "base/sys.h"
#include "engine/containerd/snapshots.h"
#include "engine/images/ingest.h"
#include "engine/images/unpack.h"

namespace hull::engine::images {
namespace {

/// What was read of a source already, and then its rest.
class Rejoined final : public archive::Source {
 public:
  Rejoined(std::string head, archive::Source& rest) : head_(std::move(head)), rest_(rest) {}
  Result<size_t> read(std::span<char> data) override {
    if (offset_ == head_.size()) return rest_.read(data);
    const size_t count = head_.copy(data.data(), data.size(), offset_);
    offset_ += count;
    return count;
  }

 private:
  std::string head_;
  size_t offset_ = 0;
  archive::Source& rest_;
};

Result<std::string> read_head(archive::Source& source) {
  std::string head(512, '\0');
  size_t have = 0;
  while (have < head.size()) {
    const size_t got = TRY(source.read(std::span(head).subspan(have)));
    if (got == 0) break;
    have += got;
  }
  head.resize(have);
  return head;
}

/// The directory that a snapshot without a parent mostly is; none where it has to be mounted.
std::optional<std::string> directory_of(const std::vector<containerd::Mount>& mounts) {
  if (mounts.size() != 1 || !mounts[0].target.empty()) return std::nullopt;
  const auto& [type, source, target, options] = mounts[0];
  const bool read_only = std::find(options.begin(), options.end(), "ro") != options.end();
  return (type == "bind" || type == "rbind") && !read_only ? std::optional(source) : std::nullopt;
}

Result<void> apply_all(FdRef directory, archive::Source& tar) {
  TRY(archive::apply_layer(directory, tar));
  return archive::drain(tar);  // what follows the end mark belongs to the digest
}

/// Gives the digest of the uncompressed tar.
Result<image::Digest> unpack_into(FdRef directory, archive::Source& packed) {
  const auto inflated = TRY(archive::decompress(packed));
  archive::Tally tally;
  archive::TallySource tallied(*inflated, tally);
  TRY(apply_all(directory, tallied));
  TRY(archive::drain(packed));
  return tally.hasher.digest();
}

class LayerImport {
 public:
  LayerImport(const Call& call, const containerd::Lease& lease, const std::string& snapshotter)
      : call_(call),
        lease_(lease),
        snapshotter_(snapshotter),
        content_(lease.connection()),
        snapshots_(lease.connection(), snapshotter) {}

  /// tar: in a format that a layer may have.
  Result<ImportedLayer> run(archive::Source& tar, archive::Format format) {
    const std::string key = "extract-" + random_hex(32);
    Rollback undo;
    undo.add([&] {
      auto removed = snapshots_.remove(Call::within(std::chrono::seconds(30)), key);
      return removed.is(Code::kNotFound) ? Result<void>() : removed;
    });
    const auto directory = directory_of(TRY(snapshots_.prepare(call_, key, "")));
    if (!directory) return store_first(tar);
    auto layer = TRY(store_and_unpack(tar, format, *directory));
    auto committed = snapshots_.commit(call_, layer.diff_id.str(), key);
    if (committed.is(Code::kAlreadyExists)) return layer;  // ours is undone
    TRY(std::move(committed));
    undo.commit();
    return layer;
  }

 private:
  Result<ImportedLayer> store_and_unpack(archive::Source& tar, archive::Format format, const std::string& path) {
    const UniqueFd directory = TRY(sys::open(path, O_RDONLY | O_DIRECTORY));
    ImportedLayer layer;
    const auto store = [&](archive::Source& source) -> Result<void> {
      layer.blob = TRY(store_blob(source));
      return {};
    };
    const auto unpack = [&](archive::Source& source) -> Result<void> {
      if (format == archive::Format::kPlain) return apply_all(directory, source).context("unpack layer");
      layer.diff_id = TRY(unpack_into(directory, source).context("unpack layer"));
      return {};
    };
    TRY(archive::share(tar, store, unpack));
    if (format == archive::Format::kPlain) layer.diff_id = layer.blob.digest;
    return layer;
  }

  Result<ImportedLayer> store_first(archive::Source& tar) {
    ImportedLayer layer{.blob = TRY(store_blob(tar)), .diff_id = {}};
    layer.diff_id = TRY(Unpacker(lease_, snapshotter_).unpack_unknown(call_, {}, layer.blob));
    return layer;
  }

  Result<image::Descriptor> store_blob(archive::Source& source) {
    const auto stored = TRY(ingest(call_, content_, source, {}));
    return image::Descriptor{
        .media_type = TRY(layer_media_type(stored.format)), .digest = stored.digest, .size = stored.size};
  }

  const Call& call_;
  const containerd::Lease& lease_;
  const std::string& snapshotter_;
  const containerd::Content content_;
  const containerd::Snapshots snapshots_;
};

}  // namespace

Result<ImportedLayer> import_layer(const Call& call, const containerd::Lease& lease, const std::string& snapshotter,
                                   archive::Source& tar) {
  std::string head = TRY(read_head(tar));
  const archive::Format format = archive::detect(head);
  Rejoined whole(std::move(head), tar);
  LayerImport import(call, lease, snapshotter);
  if (layer_media_type(format).ok()) return import.run(whole, format);
  const auto plain = TRY(archive::decompress(whole));
  return import.run(*plain, archive::Format::kPlain);
}

}  // namespace hull::engine::images
