#include "supervisor/snapshots/overlay_driver.h"

#include <fcntl.h>
#include <sys/mount.h>

#include "base/files.h"
#include "base/rollback.h"
#include "base/sys.h"
#include "supervisor/snapshots/directory.h"

namespace hull::supervisor {
namespace {

/// Mounts one to see: file systems without d_type or xattrs refuse.
Result<void> probe(const std::string& root) {
  const std::string base = root + "/probe";
  TRY(remove_tree(base));
  for (const char* folder : {"/lower", "/upper", "/work", "/merged"}) TRY(make_directories(base + folder, 0700));
  const std::string options = "lowerdir=" + base + "/lower,upperdir=" + base + "/upper,workdir=" + base + "/work";
  const bool mounted = ::mount("overlay", (base + "/merged").c_str(), "overlay", 0, options.c_str()) == 0;
  const int error = errno;
  if (mounted) ::umount2((base + "/merged").c_str(), MNT_DETACH);
  TRY(remove_tree(base));
  if (mounted) return {};
  return Error::from_errno(error, "mount overlayfs below " + root).as(Code::kUnimplemented);
}

}  // namespace

Result<std::unique_ptr<OverlayDriver>> OverlayDriver::open(const std::string& root) {
  std::unique_ptr<OverlayDriver> driver(new OverlayDriver(root));
  TRY(make_directories(root, 0700));
  TRY(make_snapshot_folder(driver->folder_));
  // A directory made by a first start tells later ones that it works: a mount on each start would cost.
  const std::string probed = root + "/probed";
  if (!exists(probed)) {
    TRY(probe(root));
    TRY(replace_file(probed, "", 0600, Durable::kNo));
  }
  driver->has_index_ = exists("/sys/module/overlay/parameters/index");
  return driver;
}

Result<void> OverlayDriver::create(const SnapshotChain& chain) {
  Rollback undo;
  const std::string base = path(chain.id);
  TRY(sys::mkdir(base, 0700));
  undo.add([&] { return remove_tree(base); });
  TRY(sys::mkdir(base + "/fs", 0755));
  if (chain.kind == SnapshotKind::kActive) TRY(sys::mkdir(base + "/work", 0711));
  // The upper directory's owner and mode are those of the mounted root.
  if (!chain.parents.empty())
    TRY(copy_owner_and_mode(layer(chain.parents.front()), base + "/fs"));
  else
    TRY(sys::chmod(base + "/fs", 0755));
  undo.commit();
  return {};
}

std::vector<Mount> OverlayDriver::mounts(const SnapshotChain& chain) const {
  const bool writable = chain.kind == SnapshotKind::kActive;
  const char* access = writable ? "rw" : "ro";
  if (chain.parents.empty()) return {{"bind", layer(chain.id), "", {access, "rbind"}}};
  if (!writable && chain.parents.size() == 1) return {{"bind", layer(chain.parents[0]), "", {access, "rbind"}}};
  Mount mount{"overlay", "overlay", "", {}};
  // With an index a copied layer could not be mounted; containerd's default, too.
  if (has_index_) mount.options.push_back("index=off");
  if (writable) {
    mount.options.push_back("workdir=" + path(chain.id) + "/work");
    mount.options.push_back("upperdir=" + layer(chain.id));
  }
  std::string lower = "lowerdir=";
  for (const int64_t parent : chain.parents) lower += (lower.back() == '=' ? "" : ":") + layer(parent);
  mount.options.push_back(std::move(lower));
  return {mount};
}

Result<Usage> OverlayDriver::usage(int64_t id) const { return disk_usage(layer(id)); }
Result<void> OverlayDriver::remove(int64_t id) { return remove_tree(path(id)); }
Result<std::vector<int64_t>> OverlayDriver::list() const { return list_numbered(folder_); }

}  // namespace hull::supervisor
