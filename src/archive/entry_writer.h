#pragma once

#include <map>
#include <string>
#include <utility>

#include "archive/tar_writer.h"
#include "base/fd.h"

namespace hull::archive {

/// A directory whose members are reached by paths below it that have no links.
class TreeRoot {
 public:
  explicit TreeRoot(FdRef root) : root_(root) {}
  /// "" is the root itself. Errors: kInvalidArgument where the path is longer than a tar's reader takes.
  Result<UniqueFd> open(const std::string& path, int flags) const;
  /// Names in the directory, sorted, so that the same tree gives the same tar.
  Result<std::vector<std::string>> names(const std::string& path) const;
  Result<struct stat> stat(const std::string& path) const;

 private:
  FdRef root_;
};

/// Writes members of a tree as tar entries; later names of one inode become hard links.
class EntryWriter {
 public:
  /// top: the tree's name in the tar; empty: its members stand there by their paths, and itself as "./".
  EntryWriter(const TreeRoot& tree, TarWriter& tar, std::string top = "")
      : tree_(tree), tar_(tar), top_(std::move(top)) {}
  /// Errors: kNotFound, with nothing written, where it went since it was seen.
  Result<void> add(const std::string& path, const struct stat& seen);
  /// An empty file that tells readers that something is gone.
  Result<void> add_marker(const std::string& path);

 private:
  std::string name_of(const std::string& path) const;
  Result<void> copy_content(FdRef file, int64_t size);

  const TreeRoot& tree_;
  TarWriter& tar_;
  const std::string top_;
  std::map<std::pair<dev_t, ino_t>, std::string> linked_;
};

/// Attributes that belong into a layer: those of overlayfs and of the host's security modules do not.
Result<std::vector<Xattr>> layer_xattrs(FdRef file);
std::string join_path(const std::string& parent, const std::string& name);

}  // namespace hull::archive
