#include "supervisor/snapshots/native_driver.h"

#include <fcntl.h>

#include "archive/apply.h"
#include "archive/diff.h"
#include "base/files.h"
#include "base/rollback.h"
#include "base/sys.h"
#include "supervisor/snapshots/directory.h"

namespace hull::supervisor {

Result<std::unique_ptr<NativeDriver>> NativeDriver::open(const std::string& root) {
  std::unique_ptr<NativeDriver> driver(new NativeDriver(root));
  TRY(make_directories(root, 0700));
  TRY(make_snapshot_folder(driver->folder_));
  return driver;
}

Result<void> NativeDriver::create(const SnapshotChain& chain) {
  // A view shows its parent itself.
  Rollback undo;
  const std::string target = path(chain.id);
  TRY(sys::mkdir(target, 0755));
  undo.add([&] { return remove_tree(target); });
  TRY(sys::chmod(target, 0755));
  if (!chain.parents.empty() && chain.kind == SnapshotKind::kActive) {
    const UniqueFd from = TRY(sys::open(path(chain.parents.front()), O_RDONLY | O_DIRECTORY));
    const UniqueFd to = TRY(sys::open(target, O_RDONLY | O_DIRECTORY));
    TRY(archive::copy_tree(from, to));
  }
  undo.commit();
  return {};
}

Result<std::vector<Mount>> NativeDriver::mounts(const SnapshotChain& chain) {
  const bool writable = chain.kind == SnapshotKind::kActive;
  const int64_t shown = !writable && !chain.parents.empty() ? chain.parents.front() : chain.id;
  return std::vector<Mount>{{"bind", path(shown), "", {writable ? "rw" : "ro", "rbind"}}};
}

Result<Usage> NativeDriver::usage(const SnapshotChain& chain) const { return disk_usage(path(chain.id)); }
Result<void> NativeDriver::remove(int64_t id) { return remove_tree(path(id)); }
Result<std::vector<int64_t>> NativeDriver::list() const { return list_numbered(folder_); }

}  // namespace hull::supervisor
