#include "archive/layer.h"

#include "base/sys.h"

namespace hull::archive {
namespace {

Result<bool> is_plain(FdRef blob) {
  char first[6];
  const size_t count = TRY(sys::pread(blob, first, 0));
  return detect({first, count}) == Format::kPlain;
}

Result<void> apply_all(FdRef root, Source& tar, const ApplyOptions& options) {
  TRY(apply_layer(root, tar, options));
  return drain(tar);  // what follows the end mark belongs to the digest
}

Result<void> check(const Tally& stored, const image::Digest& digest) {
  const auto found = stored.hasher.digest();
  if (found == digest) return {};
  return data_loss("blob " + digest.str() + " is damaged: its bytes have the digest " + found.str());
}

}  // namespace

Result<UnpackedLayer> unpack_layer(UniqueFd blob, const image::Digest& digest, FdRef root,
                                   const ApplyOptions& options) {
  const bool plain = TRY(is_plain(blob));
  FileSource file(std::move(blob));
  Tally stored{.hasher = image::Hasher(digest.algorithm())};
  TallySource checked(file, stored);
  const auto consume = [&](Source& tar) { return apply_all(root, tar, options); };
  if (plain) {
    TRY(read_ahead(checked, consume));
    TRY(check(stored, digest));
    return UnpackedLayer{digest, stored.size};
  }
  const auto inflated = TRY(decompress(checked));
  Tally tally;
  TallySource tallied(*inflated, tally);
  TRY(read_ahead(tallied, consume));
  TRY(drain(checked));  // what follows the last stream belongs to the blob
  TRY(check(stored, digest));
  return UnpackedLayer{tally.hasher.digest(), tally.size};
}

}  // namespace hull::archive
