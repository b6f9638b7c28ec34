#pragma once

#include "supervisor/transfer/image_names.h"

namespace hull::supervisor {

enum class DockerManifest { kNo, kYes };

struct ExportWish {
  Platforms platforms;  ///< none: all
  DockerManifest docker_manifest = DockerManifest::kYes;
};

/// Writes the images as an OCI layout in a tar, readable by `docker load`, too. Errors: kNotFound names what is
/// missing.
Result<void> export_images(TransferJob& job, const ImageNames& wanted, const ExportWish& wish, archive::Sink& tar);

}  // namespace hull::supervisor
