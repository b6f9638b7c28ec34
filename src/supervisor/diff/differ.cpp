#include "supervisor/diff/differ.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "archive/compression.h"
#include "archive/diff.h"
#include "base/ids.h"
#include "base/sys.h"
#include "spec/image/media_type.h"
#include "supervisor/diff/layers.h"
#include "supervisor/snapshots/mounted_view.h"

namespace hull::supervisor {
namespace {

constexpr std::string_view kUncompressed = "containerd.io/uncompressed";

Result<UniqueFd> open_folder(const std::string& path) { return sys::open(path, O_RDONLY | O_DIRECTORY); }

class ContentSink : public archive::Sink {
 public:
  explicit ContentSink(NamespacedWriter& writer) : writer_(writer) {}
  Result<void> write(std::string_view data) override { return data.empty() ? Result<void>() : writer_.write(data); }

 private:
  NamespacedWriter& writer_;
};

/// Where `right` is one directory over exactly what `left` is, that directory holds all changes.
std::optional<std::string> top_over(const std::optional<LayerStack>& left, const std::optional<LayerStack>& right) {
  if (!left || !right || (right->merged && !right->by_kernel)) return std::nullopt;
  if (right->directories.size() != left->directories.size() + 1) return std::nullopt;
  const bool same_below =
      std::equal(left->directories.begin(), left->directories.end(), right->directories.begin() + 1);
  return same_below ? std::optional(right->directories.front()) : std::nullopt;
}

Result<void> check_layer(const image::Descriptor& layer) {
  if (image::media::is_foreign_layer(layer.media_type))
    return invalid_argument("layer " + layer.digest.str() + " is a foreign layer (" + layer.media_type +
                            "), which is not supported");
  return {};
}

}  // namespace

Result<image::Descriptor> Differ::apply(const Scope& scope, const image::Descriptor& layer,
                                        const std::vector<Mount>& mounts, SyncFs sync) {
  TRY(check_layer(layer));
  auto blob = TRY(content_.open_blob(scope, layer.digest).context("failed to get reader from content store"));
  archive::ApplyOptions options;
  const auto stack = stack_of(mounts);
  std::optional<MountedView> view;
  std::string target;
  if (stack && stack->writable) {
    target = stack->directories.front();
    options.lower_dirs.assign(stack->directories.begin() + 1, stack->directories.end());
    if (stack->merged) options.whiteouts = archive::Whiteouts::kOverlay;
  } else {
    if (mounts.empty()) return invalid_argument("apply layer: no mounts were given");
    view.emplace(TRY(MountedView::create(mounts, scratch_)));
    target = view->path();
  }
  const UniqueFd root = TRY(open_folder(target));
  auto unpacked = unpack_(std::move(blob), layer.digest, root, options).context("apply layer " + layer.digest.str());
  // The layer itself may be bad, or only what the disk has made of it: that goes, so that the next pull brings it
  // again.
  if (unpacked.is(Code::kDataLoss) || unpacked.is(Code::kInvalidArgument)) TRY(content_.verify(scope, layer.digest));
  if (!unpacked.ok()) return std::move(unpacked).error();
  if (sync == SyncFs::kYes && ::syncfs(root.get()) != 0) return Error::from_errno(errno, "sync " + target);
  image::Descriptor applied;
  applied.media_type = image::media::kOciLayer;
  applied.digest = unpacked->diff_id;
  applied.size = unpacked->size;
  return applied;
}

Result<void> Differ::write_diff(const std::vector<Mount>& left, const std::vector<Mount>& right, archive::Sink& sink) {
  const auto before = stack_of(left);
  const auto after = stack_of(right);
  if (const auto top = top_over(before, after)) {
    const UniqueFd folder = TRY(open_folder(*top));
    return left.empty() && right[0].type == "bind" ? archive::write_tree(folder, sink)
                                                   : archive::write_upper(folder, sink);
  }
  const auto old_view = TRY(MountedView::create(left, scratch_));
  const auto new_view = TRY(MountedView::create(right, scratch_));
  const UniqueFd old_root = TRY(open_folder(old_view.path()));
  const UniqueFd new_root = TRY(open_folder(new_view.path()));
  return archive::write_changes(old_root, new_root, sink);
}

Result<image::Descriptor> Differ::diff(const Scope& scope, const std::vector<Mount>& left,
                                       const std::vector<Mount>& right, DiffOptions options) {
  if (options.media_type.empty()) options.media_type = image::media::kOciLayerGzip;
  if (!image::media::is_layer(options.media_type) || image::media::is_foreign_layer(options.media_type))
    return unimplemented("unsupported diff media type: " + options.media_type);
  if (right.empty()) return invalid_argument("diff: no mounts were given for the newer side");
  const bool own_ref = options.ref.empty();
  if (own_ref) options.ref = "diff-" + random_hex(16);
  auto result = diff_into(scope, left, right, options);
  if (!result.ok() && own_ref) (void)content_.abort(scope, options.ref);  // nobody could go on with it
  return result;
}

Result<image::Descriptor> Differ::diff_into(const Scope& scope, const std::vector<Mount>& left,
                                            const std::vector<Mount>& right, const DiffOptions& options) {
  auto writer = TRY(content_.writer(scope, options.ref, 0, {}));
  if (writer.status().offset > 0) TRY(writer.restart());
  ContentSink sink(writer);
  const auto compressed = archive::compress(sink, image::media::compression_of(options.media_type));
  archive::Tally tally;
  archive::TallySink tallied(*compressed, tally);
  TRY(write_diff(left, right, tallied).context("diff"));
  TRY(compressed->finish());
  Labels labels = options.labels;
  labels[std::string(kUncompressed)] = tally.hasher.digest().str();

  image::Descriptor descriptor;
  descriptor.media_type = options.media_type;
  descriptor.digest = writer.digest();
  descriptor.size = writer.status().offset;
  auto committed = writer.commit(0, {}, labels);
  if (!committed.ok() && !committed.is(Code::kAlreadyExists)) return std::move(committed).error();
  return descriptor;
}

}  // namespace hull::supervisor
