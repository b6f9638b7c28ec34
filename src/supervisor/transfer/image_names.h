#pragma once

#include "supervisor/transfer/documents.h"

namespace hull::supervisor {

/// A name that images may get. Source: containerd.types.transfer.ImageReference.
struct NameRule {
  std::string name;
  bool is_prefix = false;          ///< a tag or digest goes after it
  bool allow_overwrite = false;    ///< of a prefix: a whole name in the archive goes instead
  bool add_digest = false;         ///< of a prefix: also name@digest
  bool skip_named_digest = false;  ///< of a prefix: name@digest only where there is no other
};

struct UnpackWish {
  image::Platform platform;
  std::string snapshotter;
};

/// The image store as source or destination. Source: containerd.types.transfer.ImageStore.
struct ImageNames {
  std::string name;
  Labels labels;
  Platforms platforms;
  OtherImages others = OtherImages::kNothing;
  std::vector<NameRule> rules;
  std::vector<UnpackWish> unpacks;
};

/// Told what became of a record.
using ImageKept = std::function<void(const ImageRecord& record, bool created)>;

/// The names of what was pulled or tagged.
std::vector<std::string> names_of(const ImageNames& wanted, const image::Digest& digest);
/// The names of an archive's image, by its annotations.
std::vector<std::string> names_of_imported(const ImageNames& wanted, const image::Descriptor& imported);
/// Keeps the target under the names, in place of what had them. Reports "saved".
Result<void> keep_image(TransferJob& job, const image::Descriptor& target, const Labels& labels,
                        const std::vector<std::string>& names, const ImageKept& kept);
/// Unpacks what is wished of the images.
Result<void> unpack_wished(TransferJob& job, const ImageNames& wanted, const std::vector<StoredImage>& images);
/// The image and its further names, as an export has them. Errors: kNotFound; kUnimplemented for a prefix.
Result<std::vector<ImageRecord>> look_up(TransferJob& job, const ImageNames& wanted);
/// Gives an image a further name. Errors: kNotFound.
Result<void> tag_image(TransferJob& job, const std::string& source, const ImageNames& destination,
                       const ImageKept& kept);

}  // namespace hull::supervisor
