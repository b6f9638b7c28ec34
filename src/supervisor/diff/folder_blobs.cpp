#include "supervisor/diff/folder_blobs.h"

#include <fcntl.h>

#include "archive/diff.h"
#include "archive/layer.h"
#include "base/ids.h"
#include "base/sys.h"

namespace hull::supervisor {
namespace {

class ContentSink : public archive::Sink {
 public:
  explicit ContentSink(NamespacedWriter& writer) : writer_(writer) {}
  Result<void> write(std::string_view data) override { return data.empty() ? Result<void>() : writer_.write(data); }

 private:
  NamespacedWriter& writer_;
};

/// fill: writes the bytes.
template <class Fill>
Result<image::Descriptor> store(ContentStore& content, const Scope& scope, const std::string& media_type,
                                const Fill& fill) {
  const std::string ref = "checkpoint-" + random_hex(16);
  const auto write = [&]() -> Result<image::Descriptor> {
    auto writer = TRY(content.writer(scope, ref, 0, {}));
    ContentSink sink(writer);
    TRY(fill(sink));
    image::Descriptor stored;
    stored.media_type = media_type;
    stored.digest = writer.digest();
    stored.size = writer.status().offset;
    auto committed = writer.commit(0, {}, {});
    if (!committed.ok() && !committed.is(Code::kAlreadyExists)) return std::move(committed).error();
    return stored;
  };
  auto stored = write();
  if (!stored.ok()) (void)content.abort(scope, ref).ok();  // nobody could go on with it
  return stored;
}

Result<UniqueFd> open_folder(const std::string& path) { return sys::open(path, O_RDONLY | O_DIRECTORY); }

}  // namespace

Result<image::Descriptor> store_folder(ContentStore& content, const Scope& scope, const std::string& folder,
                                       const std::string& media_type) {
  const UniqueFd root = TRY(open_folder(folder));
  return store(content, scope, media_type, [&](archive::Sink& sink) { return archive::write_tree(root, sink); });
}

Result<image::Descriptor> store_bytes(ContentStore& content, const Scope& scope, std::string_view bytes,
                                      const std::string& media_type) {
  return store(content, scope, media_type, [&](archive::Sink& sink) { return sink.write(bytes); });
}

Result<void> unpack_folder(ContentStore& content, const Scope& scope, const image::Digest& blob,
                           const std::string& folder) {
  auto bytes = TRY(content.open_blob(scope, blob));
  const UniqueFd root = TRY(open_folder(folder));
  TRY(archive::unpack_layer(std::move(bytes), blob, root, {}).context("unpack " + blob.str()));
  return {};
}

}  // namespace hull::supervisor
