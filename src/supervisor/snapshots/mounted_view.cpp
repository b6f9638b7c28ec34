#include "supervisor/snapshots/mounted_view.h"

#include <sys/mount.h>

#include "base/files.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/sys.h"
#include "linux/mount_words.h"

namespace hull::supervisor {
namespace {

constexpr std::string_view kViewPrefix = "view-";

}  // namespace

Result<MountedView> MountedView::create(const std::vector<Mount>& mounts, const std::string& scratch) {
  const std::string path = scratch + "/" + std::string(kViewPrefix) + random_hex(12);
  TRY(make_directories(scratch, 0700));
  TRY(sys::mkdir(path, 0700));
  MountedView view(path);
  for (const Mount& mount : mounts) {
    if (!mount.target.empty()) return invalid_argument("mount with target \"" + mount.target + "\" is not supported");
    TRY(linux::mount_words({mount.type, mount.source, mount.options}, path));
  }
  return view;
}

void MountedView::clear(const std::string& scratch) {
  for (const std::string& name : list_directory(scratch).value_or({}))
    if (name.starts_with(kViewPrefix)) const MountedView left(scratch + "/" + name);
}

MountedView::~MountedView() {
  if (path_.empty()) return;
  while (::umount2(path_.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {}
  if (auto removed = sys::rmdir(path_); !removed.ok())
    logging::warn("remove mount point", {{"path", path_}, {"error", removed.error().message()}});
}

}  // namespace hull::supervisor
