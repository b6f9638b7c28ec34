#pragma once

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"

/// Mounts by descriptor: open_tree(2), fsopen(2), fsmount(2), mount_setattr(2), move_mount(2).
namespace hull::linux {

enum class Recursive { kNo, kYes };

/// What mount_setattr(2) changes: MOUNT_ATTR_* to set and to clear, one of MS_SHARED, MS_SLAVE, MS_PRIVATE,
/// MS_UNBINDABLE or 0, and a user namespace whose mapping the mount gets (with MOUNT_ATTR_IDMAP in set).
struct MountAttributes {
  uint64_t set = 0;
  uint64_t clear = 0;
  uint64_t propagation = 0;
  FdRef user_namespace = FdRef(-1);
};

/// A mount that no path leads to yet; dropping it unmounts.
class DetachedMount {
 public:
  /// A bind mount of the object that is open; with kYes, of the mounts below it too.
  static Result<DetachedMount> clone(FdRef object, Recursive recursive);
  /// A bind mount of a path of the host; links are followed.
  static Result<DetachedMount> clone(const std::string& path, Recursive recursive);

  explicit DetachedMount(UniqueFd root) : root_(std::move(root)) {}
  FdRef root() const { return root_; }
  Result<void> change(const MountAttributes& attributes, Recursive recursive) const;
  /// Mounts it on the directory or file that is open (the types must agree). The descriptor returned is the root of the
  /// mount; closing it unmounts no more.
  /// Errors: ENOTDIR where one is a directory and the other is not.
  Result<UniqueFd> attach(FdRef target) &&;

 private:
  UniqueFd root_;
};

/// Changes the mount whose root is open.
Result<void> change_mount(FdRef root, const MountAttributes& attributes, Recursive recursive);

/// A new file system instance, configured step by step.
class FilesystemContext {
 public:
  static Result<FilesystemContext> open(const std::string& type);
  Result<void> set(const std::string& key, const std::string& value);
  Result<void> set_flag(const std::string& key);
  /// A data string as mount(8) takes it: "mode=755,size=64k,newinstance".
  Result<void> set_options(const std::string& comma_separated);
  /// attributes: MOUNT_ATTR_* of the new mount.
  Result<DetachedMount> create(uint64_t attributes) &&;

 private:
  explicit FilesystemContext(UniqueFd context, std::string type)
      : context_(std::move(context)), type_(std::move(type)) {}
  Error explain(Error error) const;
  UniqueFd context_;
  std::string type_;
};

/// The kind of file system that the object lies on (PROC_SUPER_MAGIC …).
Result<int64_t> filesystem_magic(FdRef object);

/// Makes the open directory, the root of a mount, the root of this mount namespace and drops what was there.
/// The process stands in the new root afterwards.
Result<void> pivot_into(FdRef root);
/// As pivot_into() with MS_MOVE and chroot(2), for hosts whose root is the initial ramdisk; the host's other mounts are
/// unmounted first as far as that is possible.
Result<void> move_into(FdRef root);
/// chroot(2) into the open directory; the process stands in it afterwards.
Result<void> change_root(FdRef root);
/// Number of the mount that the object lies on, unique since boot where the kernel counts so (Linux 6.8).
Result<uint64_t> mount_id(FdRef object);

}  // namespace hull::linux
