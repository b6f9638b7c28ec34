#pragma once

#include "registry/client/client.h"
#include "supervisor/transfer/image_names.h"

namespace hull::supervisor {

/// A registry as source or destination.
struct RegistryPlace {
  registry::Client& client;
  image::Reference reference;
  std::string name;  ///< as the client gave it
};

/// Fetches what is not here yet, three blobs at once, unpacks what is wished, keeps the names.
/// Errors: kNotFound, kUnauthenticated … with the registry's words; kDataLoss: other bytes than promised.
Result<void> pull_image(TransferJob& job, const RegistryPlace& from, const ImageNames& wanted, const ImageKept& kept);

}  // namespace hull::supervisor
