#include "engine/files/layer_changes.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <set>

#include "archive/tree.h"
#include "base/files.h"
#include "base/root_dir.h"
#include "base/sys.h"
#include "base/text.h"
#include "engine/containers/oci/rootfs_view.h"

namespace hull::engine {
namespace {

constexpr int kModified = 0;
constexpr int kAdded = 1;
constexpr int kDeleted = 2;
constexpr std::array<std::string_view, 12> kMountPoints = {
    "/proc",        "/sys",       "/dev",          "/dev/pts",         "/dev/shm",    "/dev/mqueue",
    "/dev/console", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/.dockerenv", "/sbin/docker-init"};

bool is_mount_point(const std::string& path) {
  return std::find(kMountPoints.begin(), kMountPoints.end(), path) != kMountPoints.end();
}

Result<bool> is_opaque(FdRef directory) {
  for (const auto& xattr : TRY(archive::read_xattrs(directory)))
    if (xattr.name == archive::kOverlayOpaque && xattr.value == "y") return true;
  return false;
}

/// The merged layers below the upper one; nothing where there are none.
class Lower {
 public:
  static Result<Lower> open(std::vector<containerd::Mount> rootfs, bool any) {
    Lower lower;
    if (!any) return lower;
    std::erase_if(rootfs.front().options, [](const std::string& option) {
      return option.starts_with("upperdir=") || option.starts_with("workdir=");
    });
    lower.root_ = TRY(TRY(oci::RootfsView::open(rootfs)).mount());
    return lower;
  }
  std::optional<struct stat> find(const std::string& path) const {
    if (!root_) return std::nullopt;
    const auto found = root_->open_without_links(path, O_PATH | O_NOFOLLOW);
    const auto status = found.ok() ? sys::fstat(*found) : Result<struct stat>(found.error());
    return status.ok() ? std::optional(*status) : std::nullopt;
  }
  std::vector<std::string> names(const std::string& path) const {
    if (!root_) return {};
    const auto directory = root_->open_without_links(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    return directory.ok() ? list_directory(FdRef(*directory)).value_or({}) : std::vector<std::string>();
  }

 private:
  std::optional<RootDir> root_;
};

class Walk {
 public:
  Walk(const RootDir& upper, const Lower& lower) : upper_(upper), lower_(lower) {}

  Result<std::vector<api::FilesystemChange>> run() {
    std::vector<std::string> left{""};
    while (!left.empty()) {
      const std::string folder = std::move(left.back());
      left.pop_back();
      TRY(look_into(folder, left));
    }
    drop_mount_points();
    std::sort(changes_.begin(), changes_.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return std::move(changes_);
  }

 private:
  Result<void> look_into(const std::string& folder, std::vector<std::string>& left) {
    const auto directory =
        upper_.open_without_links(folder.empty() ? "/" : folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory.ok()) return directory.is(Code::kNotFound) ? Result<void>() : directory.error();
    const auto names = TRY(list_directory(FdRef(*directory)));
    for (const std::string& name : names) {
      const std::string path = folder + "/" + name;
      const auto status = sys::fstatat(*directory, name, AT_SYMLINK_NOFOLLOW);
      if (!status.ok()) continue;  // gone since
      if (archive::is_overlay_whiteout(*status)) {
        if (lower_.find(path)) changes_.push_back({path, kDeleted});
        continue;
      }
      changes_.push_back({path, lower_.find(path) ? kModified : kAdded});
      if (S_ISDIR(status->st_mode))
        left.push_back(path);
      else if (status->st_size > 0 || !S_ISREG(status->st_mode))
        filled_.insert(path);
    }
    if (!folder.empty() && TRY(is_opaque(*directory)))
      for (const std::string& name : lower_.names(folder))
        if (std::find(names.begin(), names.end(), name) == names.end())
          changes_.push_back({folder + "/" + name, kDeleted});
    return {};
  }

  /// And directories that changed by nothing else.
  void drop_mount_points() {
    std::set<std::string> kept;  // all changes that are the container's own, and what they lie in
    std::set<std::string> parents;
    for (const auto& change : changes_) parents.insert(change.path.substr(0, change.path.rfind('/')));
    for (const auto& change : changes_) {
      const bool bare = !parents.contains(change.path) && !filled_.contains(change.path);
      if (is_mount_point(change.path) && change.kind != kDeleted && !filled_.contains(change.path)) continue;
      if (change.kind == kModified && !bare && parents.contains(change.path)) continue;  // by what lies in it
      for (std::string path = change.path; !path.empty(); path.resize(path.rfind('/'))) kept.insert(path);
    }
    std::erase_if(changes_, [&](const auto& change) { return !kept.contains(change.path); });
  }

  const RootDir& upper_;
  const Lower& lower_;
  std::vector<api::FilesystemChange> changes_;
  std::set<std::string> filled_;  // what is neither an empty file nor a directory
};

}  // namespace

Result<std::vector<api::FilesystemChange>> changes_of(const std::vector<containerd::Mount>& rootfs) {
  std::string upper;
  bool any_lower = false;
  for (const auto& mount : rootfs)
    for (const std::string& option : mount.options) {
      if (option.starts_with("upperdir=")) upper = option.substr(9);
      if (option.starts_with("lowerdir=")) any_lower = true;
    }
  // An image without layers has nothing below.
  if (upper.empty() && rootfs.size() == 1 && rootfs.front().type == "bind") upper = rootfs.front().source;
  if (upper.empty()) return unimplemented("changes of a container whose layers are not kept by overlayfs");
  const RootDir root = TRY(RootDir::open(upper));
  const Lower lower = TRY(Lower::open(rootfs, any_lower));
  return Walk(root, lower).run();
}

}  // namespace hull::engine
