#pragma once

#include "supervisor/transfer/pull.h"

namespace hull::supervisor {

/// Uploads what the registry does not have, then the manifests. Errors: kNotFound: no such image, or a part of it is
/// missing; the registry's.
Result<void> push_image(TransferJob& job, const ImageNames& source, const RegistryPlace& to);

}  // namespace hull::supervisor
