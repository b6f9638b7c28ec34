#include "engine/images/ingest.h"

#include "base/daemon/memory.h"
#include "base/ids.h"
#include "base/log.h"
#include "spec/image/media_type.h"

namespace hull::engine::images {
namespace {

constexpr size_t kBlockBytes = 128 * 1024;

Result<size_t> read_block(archive::Source& source, std::vector<char>& block) {
  size_t have = 0;
  while (have < block.size()) {
    const size_t got = TRY(source.read(std::span(block).subspan(have)));
    if (got == 0) break;
    have += got;
  }
  return have;
}

Result<Ingested> stream(archive::Source& source, containerd::BlobWriter& writer, const image::Digest& expected) {
  Ingested out;
  std::vector<char> block(kBlockBytes);
  while (const size_t count = TRY(read_block(source, block))) {
    const std::string_view data(block.data(), count);
    if (out.size == 0) out.format = archive::detect(data);
    TRY(writer.write(data));
    out.size += static_cast<int64_t>(count);
  }
  out.digest = TRY(writer.digest());
  if (!expected.empty() && out.digest != expected)
    return data_loss("blob has the digest " + out.digest.str() + ", but is named " + expected.str());
  const auto committed = writer.commit(out.size, out.digest, {});
  if (!committed.ok() && !committed.is(Code::kAlreadyExists)) return committed.error();
  return out;
}

/// The blob is there: only its size and first bytes are needed.
Result<Ingested> adopt(const Call& call, const containerd::Content& content, archive::Source& source,
                       const image::Digest& digest) {
  TRY(archive::drain(source));
  const auto info = TRY(content.info(call, digest));
  const auto reader = TRY(content.open(call, digest));
  const auto head = TRY(reader->next());
  return Ingested{digest, info.size, archive::detect(head)};
}

}  // namespace

Result<Ingested> ingest(const Call& call, const containerd::Content& content, archive::Source& source,
                        const image::Digest& expected) {
  const std::string ref = "hull-ingest-" + random_hex(24);
  auto writer = content.writer(call, {.ref = ref, .expected = expected});
  if (writer.is(Code::kAlreadyExists) && !expected.empty()) return adopt(call, content, source, expected);
  if (!writer.ok()) return std::move(writer).error();
  auto stored = stream(source, **writer, expected);
  release_heap();
  if (stored.ok()) return stored;
  writer->reset();  // an ingest can't be aborted while it is written
  const auto aborted = content.abort(Call::within(std::chrono::seconds(10)), ref);
  if (!aborted.ok()) logging::warn("abort ingest", {{"ref", ref}, {"error", aborted.error().message()}});
  return stored;
}

Result<std::string> layer_media_type(archive::Format format) {
  switch (format) {
    case archive::Format::kPlain: return std::string(image::media::kOciLayer);
    case archive::Format::kGzip: return std::string(image::media::kOciLayerGzip);
    case archive::Format::kZstd: return std::string(image::media::kOciLayerZstd);
    case archive::Format::kXz:
    case archive::Format::kBzip2: break;
  }
  return invalid_argument("a layer is compressed with xz or bzip2, which images can't hold");
}

}  // namespace hull::engine::images
