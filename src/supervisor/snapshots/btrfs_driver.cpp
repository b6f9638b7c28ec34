#include "supervisor/snapshots/btrfs_driver.h"

#include <btrfsutil.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>

#include "base/files.h"
#include "base/rollback.h"
#include "base/sys.h"
#include "linux/detached_mount.h"
#include "supervisor/snapshots/directory.h"
#include "supervisor/snapshots/overlay_stack.h"

namespace hull::supervisor {
namespace {

Result<void> check(btrfs_util_error error, const std::string& what) {
  if (error == BTRFS_UTIL_OK) return {};
  return Error::from_errno(errno, what + ": " + btrfs_util_strerror(error));
}

/// A container may make subvolumes of its own, and read-only ones keep what is in them.
Result<void> make_nested_writable(const std::string& path) {
  btrfs_util_subvolume_iterator* iterator = nullptr;
  TRY(check(btrfs_util_create_subvolume_iterator(path.c_str(), 0, 0, &iterator), "list subvolumes of " + path));
  const Defer destroy([&] { btrfs_util_destroy_subvolume_iterator(iterator); });
  for (;;) {
    char* name = nullptr;
    const auto next = btrfs_util_subvolume_iterator_next(iterator, &name, nullptr);
    if (next == BTRFS_UTIL_ERROR_STOP_ITERATION) return {};
    TRY(check(next, "list subvolumes of " + path));
    const Defer release([&] { ::free(name); });
    // Its folders may be links: the container has ended, but is not trusted.
    const UniqueFd root = TRY(sys::open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    const UniqueFd nested =
        TRY(sys::openat2(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS));
    TRY(check(btrfs_util_set_subvolume_read_only_fd(nested.get(), false), std::string("make writable ") + name));
  }
}

}  // namespace

Result<std::unique_ptr<BtrfsDriver>> BtrfsDriver::open(const std::string& root) {
  TRY(make_directories(root, 0700));
  const UniqueFd dir = TRY(sys::open(root, O_RDONLY | O_DIRECTORY));
  if (TRY(linux::filesystem_magic(dir)) != BTRFS_SUPER_MAGIC)
    return unimplemented("path " + root + " must be a btrfs filesystem to be used with the btrfs snapshotter");
  std::unique_ptr<BtrfsDriver> driver(new BtrfsDriver(root));
  TRY(make_snapshot_folder(driver->folder_));
  driver->maps_ids_ = can_map_ids(root);
  return driver;
}

Result<void> BtrfsDriver::create(const SnapshotChain& chain) {
  const std::string target = path(chain.id);
  // A view of nothing is its own empty subvolume, any other shows its parent.
  if (!chain.parents.empty() && chain.kind == SnapshotKind::kView) return sys::mkdir(target, 0700);
  if (!chain.parents.empty())
    return check(btrfs_util_create_snapshot(path(chain.parents[0]).c_str(), target.c_str(), 0, nullptr, nullptr),
                 "make subvolume " + target);
  Rollback undo;
  TRY(check(btrfs_util_create_subvolume(target.c_str(), 0, nullptr, nullptr), "make subvolume " + target));
  undo.add([&] { return remove(chain.id); });
  TRY(sys::chmod(target, 0755));
  undo.commit();
  return {};
}

Result<std::vector<Mount>> BtrfsDriver::mounts(const SnapshotChain& chain) {
  const bool writable = chain.kind == SnapshotKind::kActive;
  const int64_t shown = !writable && !chain.parents.empty() ? chain.parents.front() : chain.id;
  std::vector<std::string> options;
  if (!chain.ids.empty()) options = {"uidmap=" + chain.ids.uids, "gidmap=" + chain.ids.gids};
  options.insert(options.end(), {writable ? "rw" : "ro", "rbind"});
  return std::vector<Mount>{{"bind", path(shown), "", std::move(options)}};
}

Result<Usage> BtrfsDriver::usage(const SnapshotChain& chain) const {
  return chain.parents.empty() ? disk_usage(path(chain.id)) : disk_usage_over(path(chain.id), path(chain.parents[0]));
}

Result<void> BtrfsDriver::remove(int64_t id) {
  const std::string target = path(id);
  if (!exists(target)) return {};
  if (btrfs_util_is_subvolume(target.c_str()) != BTRFS_UTIL_OK) return remove_tree(target);
  TRY(make_nested_writable(target));
  return check(btrfs_util_delete_subvolume(target.c_str(), BTRFS_UTIL_DELETE_SUBVOLUME_RECURSIVE),
               "delete subvolume " + target);
}

Result<std::vector<int64_t>> BtrfsDriver::list() const { return list_numbered(folder_); }

}  // namespace hull::supervisor
