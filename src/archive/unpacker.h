#pragma once

#include <list>
#include <string>
#include <unordered_set>
#include <vector>

#include "archive/apply.h"
#include "archive/tar_reader.h"
#include "base/root_dir.h"

namespace hull::archive {

/// A name inside a tar, made relative and split at its last component.
struct EntryPath {
  std::string parent;  ///< "" is the root
  std::string base;    ///< "" is the root itself
  std::string whole() const { return parent.empty() ? base : parent + "/" + base; }

  /// "/a/./b/../c" is a/c. Errors: kInvalidArgument: the name leads out of the root, is too long or has a zero byte.
  static Result<EntryPath> parse(std::string_view name);
};

/// Directories opened lately, so that a thousand files in one cost one lookup.
class ParentCache {
 public:
  const UniqueFd* find(const std::string& path);
  const UniqueFd& insert(std::string path, UniqueFd dir);
  /// Something that may have been on a cached path was removed.
  void clear() { entries_.clear(); }

 private:
  struct Entry {
    std::string path;
    UniqueFd dir;
  };
  std::list<Entry> entries_;  // latest first
};

/// Puts the entries of one layer below a directory, one after the other.
class Unpacker {
 public:
  static Result<Unpacker> create(FdRef root, const ApplyOptions& options);

  /// The reader stands at the entry's content.
  Result<void> add(const TarEntry& entry, TarReader& reader);
  /// Sets the directories' times, which the entries in them would have changed.
  Result<void> finish();
  const ApplyCounts& counts() const { return counts_; }

 private:
  Unpacker(RootDir root, const ApplyOptions& options) : root_(std::move(root)), options_(options) {}
  bool overlay() const { return options_.whiteouts == Whiteouts::kOverlay; }
  bool is_layer() const { return options_.whiteouts != Whiteouts::kNone; }
  /// Where the tar's path is below the root.
  std::string inside(const std::string& path) const;
  Owner owner_of(const TarEntry& entry) const { return options_.owner.value_or(Owner{entry.uid, entry.gid}); }
  Result<void> check_kind(const EntryPath& path, const struct stat& old, const TarEntry& entry) const;

  Result<FdRef> open_parent(const std::string& path);
  Result<UniqueFd> make_parent(const std::string& path);
  Result<void> imitate_lower(FdRef dir, const std::string& path);

  Result<void> add_member(const EntryPath& path, const TarEntry& entry, TarReader& reader);
  Result<void> add_whiteout(const EntryPath& path);
  Result<void> add_opaque(const EntryPath& path);
  Result<void> remove_older(FdRef dir, const std::string& path);

  Result<void> add_root(const TarEntry& entry);
  /// Clears the way for an entry; true where a directory stays that the entry, a directory, too, adds to.
  Result<bool> make_room(FdRef parent, const EntryPath& path, const TarEntry& entry);
  Result<void> add_directory(FdRef parent, const EntryPath& path, const TarEntry& entry);
  Result<void> add_file(FdRef parent, const EntryPath& path, const TarEntry& entry, TarReader& reader);
  Result<void> add_hard_link(FdRef parent, const EntryPath& path, const TarEntry& entry);
  Result<void> copy_from_lower(FdRef parent, const EntryPath& path, const EntryPath& target);
  Result<void> add_special(FdRef parent, const EntryPath& path, const TarEntry& entry);
  Result<void> set_metadata(FdRef parent, const std::string& base, const TarEntry& entry);
  Result<void> drop_xattrs(FdRef parent, const std::string& base);
  Result<void> set_xattrs(FdRef parent, const std::string& base, const TarEntry& entry);

  struct DirectoryTime {
    std::string path;
    timespec mtime;
  };
  RootDir root_;
  const ApplyOptions& options_;
  std::vector<RootDir> lowers_;
  ParentCache parents_;
  std::vector<DirectoryTime> times_;
  std::unordered_set<size_t> own_;  // hashes of paths that this layer made; only for kRemove
  bool was_whiteout_ = false;       // what make_room() removed last
  bool stale_ = false;              // something was removed: cached parents may lie
  ApplyCounts counts_;
};

}  // namespace hull::archive
