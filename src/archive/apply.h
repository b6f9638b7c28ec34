#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "archive/stream.h"
#include "base/fd.h"
#include "base/result.h"

namespace hull::archive {

/// How a layer says that something is gone.
enum class Whiteouts {
  kRemove,   ///< the target is a whole file system: delete what a whiteout names
  kOverlay,  ///< the target is overlayfs's upper directory: make 0:0 devices and opaque directories
  kNone,     ///< the tar is no layer: ".wh.x" is a name like any other
};

/// What an entry may take the place of.
enum class Replace {
  kAll,
  kSameKind,  ///< no directory of anything else, and nothing else of a directory
};

struct Owner {
  uid_t uid = 0;
  gid_t gid = 0;
};

struct ApplyOptions {
  Whiteouts whiteouts = Whiteouts::kRemove;
  /// With kOverlay: the directories below, topmost first. Parents that the layer does not hold are made like theirs,
  /// and hard links to their files become copies.
  std::vector<std::string> lower_dirs;
  /// The same ones, where they are open already.
  std::vector<FdRef> lowers{};
  /// The directory below the root that names in the tar start from; it exists. Links on the way, and in it, lead
  /// anywhere below the root.
  std::string below;
  Replace replace = Replace::kAll;
  std::optional<Owner> owner;  ///< of all entries; absent: as the tar says
};

struct ApplyCounts {
  int64_t entries = 0;
  int64_t bytes = 0;  ///< of regular files
};

/// Unpacks an uncompressed tar, of a layer or other, into the directory `root`. The tar is hostile: nothing outside
/// `root` is opened, made, changed or removed, whatever its names and links say, and whoever moves things below `root`
/// meanwhile; what the file system can't hold is an error. Owners and modes are taken as numbers. After an error the
/// directory is to be thrown away. Errors: kInvalidArgument: an entry climbs out, or the tar is none; kDataLoss: it
/// ends early. Source: OCI image-spec layer.md.
Result<ApplyCounts> apply_layer(FdRef root, Source& tar, const ApplyOptions& options = {});

}  // namespace hull::archive
