#pragma once

#include <string>

#include "base/result.h"
#include "cli/archive/reader.h"

namespace hull::cli {

struct ExtractOptions {
  std::string directory;    ///< where the entries go; exists
  std::string rename_from;  ///< the first component of the entries' names …
  std::string rename_to;    ///< … becomes this one; empty: left out
  bool keep_owner = false;  ///< give the files their owners, and make devices; else they are ours
};

/// Unpacks a container's archive here. It is hostile: names and links can't lead out of the directory (resolved with
/// RESOLVE_IN_ROOT, links never followed). Files that become ours lose set-user-id and set-group-id: a program of the
/// container's would run as us. Devices are refused then.
/// Returns the bytes of content. Errors: of reading and writing; kDataLoss: a broken archive.
Result<int64_t> extract(TarReader& reader, const ExtractOptions& options);

}  // namespace hull::cli
