#include "supervisor/snapshots/erofs_driver.h"

#include <fcntl.h>
#include <sys/mount.h>

#include "base/files.h"
#include "base/ids.h"
#include "base/rollback.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "supervisor/snapshots/directory.h"
#include "supervisor/snapshots/image_mount.h"

namespace hull::supervisor {
namespace {

constexpr const char* kMaker = "mkfs.erofs";

/// What mkfs.erofs says goes nowhere: it tells its progress, and where it fails little else.
Result<void> make_image(const std::string& image, const std::string& folder) {
  const UniqueFd nowhere = TRY(sys::open("/dev/null", O_RDWR));
  // Extended inodes have owners over 65535 and times; content at block borders can be mapped straight from the file.
  const std::vector<std::string> command{kMaker, "-Eforce-inode-extended,noinline_data", image, folder};
  const pid_t pid = TRY(spawn(command, {.descriptors = {{1, nowhere}, {2, nowhere}}}));
  const auto ended = TRY(sys::waitpid(pid, 0));
  if (ended && ended->exit_code() == 0) return {};
  return unavailable(std::string(kMaker) + " " + image + " ended with status " +
                     std::to_string(ended ? ended->exit_code() : -1));
}

}  // namespace

Result<std::unique_ptr<ErofsDriver>> ErofsDriver::open(const std::string& root) {
  if (!is_installed(kMaker)) return unimplemented(std::string(kMaker) + " is not installed");
  if (TRY(read_file("/proc/filesystems", 64_KiB)).find("\terofs\n") == std::string::npos)
    return unimplemented("EROFS unsupported by the kernel, or its module is not loaded");
  TRY(make_directories(root, 0700));
  std::unique_ptr<ErofsDriver> driver(new ErofsDriver(root));
  TRY(make_snapshot_folder(driver->folder_));
  TRY(probe_overlay(root));
  return driver;
}

OverlayPaths ErofsDriver::paths(const SnapshotChain& chain) const {
  OverlayPaths paths{path(chain.id) + "/fs", path(chain.id) + "/work", {}};
  for (const int64_t parent : chain.parents) paths.lowers.push_back(layer(parent));
  return paths;
}

Result<void> ErofsDriver::mount_parents(const SnapshotChain& chain) {
  std::lock_guard lock(mounting_);
  for (const int64_t parent : chain.parents)
    TRY(mount_image(image(parent), layer(parent)).context("mount snapshot " + std::to_string(parent)));
  return {};
}

Result<void> ErofsDriver::create(const SnapshotChain& chain) {
  TRY(mount_parents(chain));
  Rollback undo;
  TRY(sys::mkdir(path(chain.id), 0700));
  undo.add([&] { return remove(chain.id); });
  TRY(make_overlay_directories(paths(chain), chain));
  undo.commit();
  return {};
}

Result<std::vector<Mount>> ErofsDriver::mounts(const SnapshotChain& chain) {
  TRY(mount_parents(chain));  // a reboot unmounted them
  return overlay_mounts(paths(chain), chain);
}

Result<Usage> ErofsDriver::usage(const SnapshotChain& chain) const {
  if (chain.kind != SnapshotKind::kCommitted) return disk_usage(paths(chain).upper);
  return Usage{TRY(sys::stat(image(chain.id))).st_blocks * 512, 1};
}

Result<void> ErofsDriver::commit(int64_t id) {
  Rollback undo;
  const std::string fresh = path(id) + "/new-" + random_hex(8);
  undo.add([&] { return remove_tree(fresh); });
  TRY(make_image(fresh, path(id) + "/fs"));
  TRY(make_directories(layer(id), 0700));
  TRY(sys::rename(fresh, image(id)));
  undo.commit();
  return {};
}

Result<void> ErofsDriver::settle(int64_t id) {
  for (const char* folder : {"/fs", "/work"}) TRY(remove_tree(path(id) + folder));
  return {};
}

Result<void> ErofsDriver::remove(int64_t id) {
  // Containers that still run over it keep it.
  if (::umount2(layer(id).c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0 && errno != EINVAL && errno != ENOENT)
    return Error::from_errno(errno, "unmount " + layer(id));
  return remove_tree(path(id));
}

Result<std::vector<int64_t>> ErofsDriver::list() const { return list_numbered(folder_); }

}  // namespace hull::supervisor
