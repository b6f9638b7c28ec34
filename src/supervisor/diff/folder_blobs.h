#pragma once

#include "spec/image/manifest.h"
#include "supervisor/metadata/content.h"

namespace hull::supervisor {

/// Writes all that is in the folder to the content store, as an uncompressed tar.
Result<image::Descriptor> store_folder(ContentStore& content, const Scope& scope, const std::string& folder,
                                       const std::string& media_type);
Result<image::Descriptor> store_bytes(ContentStore& content, const Scope& scope, std::string_view bytes,
                                      const std::string& media_type);
/// Unpacks such a tar into an empty folder. Errors: kNotFound: no such blob; kInvalidArgument: not a tar.
Result<void> unpack_folder(ContentStore& content, const Scope& scope, const image::Digest& blob,
                           const std::string& folder);

}  // namespace hull::supervisor
