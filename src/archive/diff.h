#pragma once

#include "archive/stream.h"
#include "base/fd.h"
#include "base/result.h"

/// Layers from directories. Only what is there is read, through descriptors and never through a link; sockets are left
/// out. A file that changes meanwhile, as those of a running container do, is taken with the size that it had first,
/// filled with zeros where it shrank.
namespace hull::archive {

/// The layer that overlayfs's upper directory is: its devices 0:0 and opaque directories become whiteouts.
Result<void> write_upper(FdRef upper, Sink& tar);

/// Everything below the directory.
Result<void> write_tree(FdRef root, Sink& tar);

/// The same under a name: "name/", "name/member" …; "/" and "." will do.
Result<void> write_named_tree(FdRef root, const std::string& name, Sink& tar);

/// One member of a directory alone; a link is itself.
Result<void> write_member(FdRef directory, const std::string& member, Sink& tar);

/// What makes `right` of `left`: what was added or changed, each with its parents, and whiteouts for what went. Files
/// with the same kind, mode, owner, size, time and attributes are taken to be the same, and compared by content where
/// their times have no fraction (they may come from a tar).
Result<void> write_changes(FdRef left, FdRef right, Sink& tar);

/// Copies what is below `from` into the empty directory `to`: links, attributes, devices, owners and modes as they are,
/// times to the second.
Result<void> copy_tree(FdRef from, FdRef to);

}  // namespace hull::archive
