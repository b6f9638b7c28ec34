#include <fcntl.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "base/sys.h"
#include "runtime/rootfs.h"
#include "runtime/target.h"

namespace hull::runtime {
namespace {

using linux::DetachedMount;
using linux::Recursive;

/// The host's null device, looked at: the container's could be anything by now (CVE-2025-31133).
Result<UniqueFd> open_host_null() {
  UniqueFd null = TRY(sys::open("/dev/null", O_PATH | O_NOFOLLOW));
  const struct stat info = TRY(sys::fstat(null));
  if (!S_ISCHR(info.st_mode) || info.st_rdev != makedev(1, 3))
    return failed_precondition("/dev/null is not the null device");
  return null;
}

/// Hides what is open: a directory behind an empty read-only tmpfs, anything else behind the null device.
class Mask {
 public:
  explicit Mask(const InitPlan& plan) : plan_(plan) {}
  Result<void> hide(FdRef object) {
    if (!S_ISDIR(TRY(sys::fstat(object)).st_mode)) {
      if (!null_.valid()) null_ = TRY(open_host_null());
      TRY(TRY(DetachedMount::clone(null_, Recursive::kNo)).attach(object));
      return {};
    }
    if (empty_.valid()) {
      // One tmpfs serves for all: a clone costs less than a file system.
      TRY(TRY(DetachedMount::clone(empty_, Recursive::kNo)).attach(object));
      return {};
    }
    auto context = TRY(linux::FilesystemContext::open("tmpfs"));
    TRY(context.set("source", "tmpfs"));
    TRY(context.set("size", "0"));
    TRY(give_mount_label(context, plan_, "tmpfs"));
    empty_ =
        TRY(TRY(std::move(context).create(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC))
                .attach(object));
    return {};
  }

 private:
  const InitPlan& plan_;
  UniqueFd null_;
  UniqueFd empty_;
};

bool missing(const Error& error) { return error.number() == ENOENT || error.number() == ENOTDIR; }

Result<void> set_read_only(const RootDir& root, const std::string& path) {
  auto object = root.open(path, O_PATH);
  if (!object.ok() && missing(object.error())) return {};
  const UniqueFd opened = TRY(std::move(object));
  DetachedMount clone = TRY(DetachedMount::clone(opened, Recursive::kYes));
  TRY(clone.change({.set = MOUNT_ATTR_RDONLY}, Recursive::kNo));
  TRY(std::move(clone).attach(opened));
  return {};
}

/// A tmpfs on /dev was left writable until its nodes were made.
Result<void> finish_dev(const InitPlan& plan, const RootDir& root) {
  for (const PlannedMount& planned : plan.mounts) {
    if (planned.mount->type != "tmpfs" || !planned.options.read_only()) continue;
    if (clean_path(planned.mount->destination) != "/dev") continue;
    const UniqueFd dev = TRY(root.open_without_links("/dev", O_PATH | O_DIRECTORY));
    TRY(linux::change_mount(dev, {.set = MOUNT_ATTR_RDONLY}, Recursive::kNo));
  }
  return {};
}

}  // namespace

Result<void> protect_paths(const InitPlan& plan, const RootDir& root) {
  TRY(finish_dev(plan, root));
  for (const std::string& path : plan.linux_part->readonly_paths)
    TRY(set_read_only(root, path).context("make " + path + " read-only"));
  Mask mask(plan);
  for (const std::string& path : plan.linux_part->masked_paths) {
    auto object = root.open(path, O_PATH);
    if (!object.ok() && missing(object.error())) continue;
    const UniqueFd opened = TRY(std::move(object));
    TRY(mask.hide(opened).context("mask " + path));
  }
  if (!plan.spec->root->readonly) return {};
  return linux::change_mount(root.fd(), {.set = MOUNT_ATTR_RDONLY}, Recursive::kNo).context("make rootfs read-only");
}

}  // namespace hull::runtime
