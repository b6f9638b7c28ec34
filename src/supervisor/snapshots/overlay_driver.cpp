#include "supervisor/snapshots/overlay_driver.h"

#include "base/files.h"
#include "base/rollback.h"
#include "base/sys.h"
#include "supervisor/snapshots/directory.h"

namespace hull::supervisor {
namespace {

Result<void> probe_fuse() {
  if (!exists("/dev/fuse")) return unimplemented("/dev/fuse is missing");
  for (const char* program : {"fuse-overlayfs", "mount.fuse3"})
    if (!is_installed(program)) return unimplemented(std::string(program) + " is not installed");
  return {};
}

}  // namespace

Result<std::unique_ptr<OverlayDriver>> OverlayDriver::open(const std::string& root, Flavour flavour) {
  std::unique_ptr<OverlayDriver> driver(new OverlayDriver(root, flavour));
  if (flavour == Flavour::kFuse) TRY(probe_fuse());
  TRY(make_directories(root, 0700));
  TRY(make_snapshot_folder(driver->folder_));
  if (flavour == Flavour::kKernel) {
    TRY(probe_overlay(root));
    driver->maps_ids_ = can_map_ids(root);
  }
  return driver;
}

Result<void> OverlayDriver::create(const SnapshotChain& chain) {
  Rollback undo;
  const std::string base = path(chain.id);
  TRY(sys::mkdir(base, 0700));
  undo.add([&] { return remove_tree(base); });
  TRY(make_overlay_directories(paths(chain), chain));
  undo.commit();
  return {};
}

OverlayPaths OverlayDriver::paths(const SnapshotChain& chain) const {
  OverlayPaths paths{layer(chain.id), path(chain.id) + "/work", {}};
  for (const int64_t parent : chain.parents) paths.lowers.push_back(layer(parent));
  return paths;
}

Result<std::vector<Mount>> OverlayDriver::mounts(const SnapshotChain& chain) {
  auto mounts = overlay_mounts(paths(chain), chain);
  if (flavour_ == Flavour::kFuse && mounts[0].type == "overlay") {
    mounts[0].type = "fuse3.fuse-overlayfs";
    std::erase(mounts[0].options, "index=off");
  }
  return mounts;
}

Result<Usage> OverlayDriver::usage(const SnapshotChain& chain) const { return disk_usage(layer(chain.id)); }
Result<void> OverlayDriver::remove(int64_t id) { return remove_tree(path(id)); }
Result<std::vector<int64_t>> OverlayDriver::list() const { return list_numbered(folder_); }

}  // namespace hull::supervisor
