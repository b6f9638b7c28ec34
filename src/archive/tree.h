#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "archive/tar_reader.h"
#include "base/fd.h"
#include "base/result.h"

/// What layers need of a directory tree, by descriptors and never through a link.
namespace hull::archive {

/// Removes what `name` in `dir` is, with everything below it; a missing one is no error.
Result<void> remove_entry(FdRef dir, const std::string& name);

/// Extended attributes of what the descriptor (O_PATH will do) refers to, sorted by name; none where the file system
/// has none.
Result<std::vector<Xattr>> read_xattrs(FdRef file);
/// Sets one; what the file system does not support is passed over, as docker and containerd do.
Result<void> write_xattr(FdRef file, const Xattr& xattr);

/// A missing one is no error.
Result<void> remove_xattr(FdRef file, const std::string& name);
/// overlayfs's own, and those of the host's security modules: no part of a layer.
bool belongs_to_host(std::string_view name);

/// "/proc/self/fd/N": names an open file for calls that lack a descriptor variant.
std::string proc_path(FdRef fd);

inline constexpr std::string_view kOverlayPrefix = "trusted.overlay.";
inline constexpr std::string_view kOverlayOpaque = "trusted.overlay.opaque";
inline constexpr std::string_view kWhiteoutPrefix = ".wh.";
inline constexpr std::string_view kOpaqueMarker = ".wh..wh..opq";

/// overlayfs's sign for a removed name.
inline bool is_overlay_whiteout(const struct stat& status) { return S_ISCHR(status.st_mode) && status.st_rdev == 0; }

}  // namespace hull::archive
