#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "linux/namespaces.h"

namespace hull::linux {

/// One mount in the words of containerd.types.Mount: those of mount(8), with "uidmap=" and "gidmap=" beside.
struct MountWords {
  std::string type;  ///< "bind", "overlay", "fuse3.fuse-overlayfs", any file system
  std::string source;
  std::vector<std::string> options;
};

/// Mounts it on the directory; nothing is left where it fails.
/// - An overlay may have more lower directories than a page holds names of.
/// - "fuse.NAME" and "fuse3.NAME" are mounted by mount.fuse(8) or mount.fuse3(8).
/// - With both maps the owners of files show as the maps say, without a change on disk: of an overlay, those of its
///   lower directories; of anything else, of the mount. Source: mount_setattr(2), "ID-mapped mounts".
/// Errors: kInvalidArgument: a map that is none, or one map alone; kNotFound: no helper; else what the kernel says.
Result<void> mount_words(const MountWords& words, const std::string& target);

/// "0:100000:65536,65536:300000:1": inside, outside, count. Errors: kInvalidArgument.
Result<std::vector<IdRange>> parse_id_ranges(std::string_view text);

}  // namespace hull::linux
