#pragma once

#include "supervisor/transfer/image_names.h"

namespace hull::supervisor {

/// Takes a tar (plain or compressed) of an OCI layout or of `docker save`. What it names gets names; what it does not
/// name is collected later. Errors: kInvalidArgument, kDataLoss: no such archive, or a damaged one.
Result<void> import_images(TransferJob& job, archive::Source& tar, const ImageNames& wanted, const ImageKept& kept);

}  // namespace hull::supervisor
