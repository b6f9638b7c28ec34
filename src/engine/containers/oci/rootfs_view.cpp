#include "engine/containers/oci/rootfs_view.h"

#include <sys/mount.h>
#include <sys/xattr.h>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"
#include "linux/detached_mount.h"

namespace hull::engine::oci {
namespace {

constexpr Bytes kMaxFile = 16_MiB;

enum class Found { kFile, kNothing, kGone, kLink };

bool is_whiteout(const struct stat& info) { return S_ISCHR(info.st_mode) && info.st_rdev == 0; }

bool is_opaque(FdRef directory) {
  char value[2] = {};
  const ssize_t size = ::fgetxattr(directory.get(), "trusted.overlay.opaque", value, sizeof value);
  return size == 1 && value[0] == 'y';
}

struct Look {
  Found found = Found::kNothing;
  UniqueFd file;
};

Found kind_of(const Result<struct stat>& info, mode_t wanted) {
  if (!info.ok()) return Found::kNothing;
  if (is_whiteout(*info)) return Found::kGone;
  if (S_ISLNK(info->st_mode)) return Found::kLink;
  return (info->st_mode & S_IFMT) == wanted ? Found::kFile : Found::kGone;
}

/// One layer's say about directory/file.
Result<Look> look(const std::string& layer, const std::string& directory, const std::string& file) {
  const UniqueFd root = TRY(sys::open(layer, O_PATH | O_DIRECTORY));
  const Found kind = kind_of(sys::fstatat(root, directory, AT_SYMLINK_NOFOLLOW), S_IFDIR);
  if (kind != Found::kFile) return Look{kind, UniqueFd()};
  const UniqueFd parent = TRY(sys::openat(root, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  const Found inner = kind_of(sys::fstatat(parent, file, AT_SYMLINK_NOFOLLOW), S_IFREG);
  if (inner == Found::kNothing) return Look{is_opaque(parent) ? Found::kGone : Found::kNothing, UniqueFd()};
  if (inner != Found::kFile) return Look{inner, UniqueFd()};
  UniqueFd opened = TRY(sys::openat(parent, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  return Look{Found::kFile, std::move(opened)};
}

}  // namespace

Result<std::optional<std::string>> read_regular_file(const RootDir& root, const std::string& path) {
  using Text = std::optional<std::string>;
  const auto found = root.open(path, O_PATH);
  if (!found.ok()) {
    const int number = found.error().number();
    if (number == ENOENT || number == ENOTDIR || number == ELOOP) return Text();
    return found.error();
  }
  if (!S_ISREG(TRY(sys::fstat(*found)).st_mode)) return Text();
  const UniqueFd file = TRY(sys::open("/proc/self/fd/" + std::to_string(found->get()), O_RDONLY | O_NONBLOCK));
  return Text(TRY(read_all(file, kMaxFile).context(path)));
}

Result<RootfsView> RootfsView::open(const std::vector<containerd::Mount>& mounts) {
  if (mounts.size() != 1) return invalid_argument("root file system with " + std::to_string(mounts.size()) + " mounts");
  const containerd::Mount& mount = mounts.front();
  if (mount.type == "bind") return RootfsView({mount.source});
  if (mount.type != "overlay") return invalid_argument("root file system of type " + mount.type);
  std::vector<std::string> layers;
  for (const std::string& option : mount.options) {
    const auto parts = cut(option, "=");
    if (!parts) continue;
    if (parts->before == "upperdir") layers.insert(layers.begin(), std::string(parts->after));
    if (parts->before == "lowerdir")
      for (const auto layer : split(parts->after, ':')) layers.emplace_back(layer);
  }
  return RootfsView(std::move(layers));
}

Result<AccountFiles> read_accounts(const RootDir& root) {
  AccountFiles files;
  files.passwd = TRY(read_regular_file(root, "/etc/passwd")).value_or("");
  files.group = TRY(read_regular_file(root, "/etc/group")).value_or("");
  return files;
}

Result<std::optional<std::string>> RootfsView::read(const std::string& directory, const std::string& file) const {
  using Text = std::optional<std::string>;
  for (const std::string& layer : layers_) {
    const Look seen = TRY(look(layer, directory, file));
    if (seen.found == Found::kFile) return Text(TRY(read_all(seen.file, kMaxFile).context(directory + "/" + file)));
    if (seen.found == Found::kGone) return Text();
    if (seen.found == Found::kNothing) continue;
    const RootDir root = TRY(mount());
    return read_regular_file(root, directory + "/" + file);
  }
  return Text();
}

Result<RootDir> RootfsView::mount() const {
  if (layers_.size() == 1) {
    auto clone = TRY(linux::DetachedMount::clone(layers_.front(), linux::Recursive::kNo));
    return RootDir(TRY(sys::openat(clone.root(), ".", O_PATH | O_DIRECTORY)));
  }
  // All layers as lower ones: that needs no work directory, and the container may use its own mount meanwhile.
  auto context = TRY(linux::FilesystemContext::open("overlay"));
  bool added = true;
  for (const std::string& layer : layers_)
    if (!(added = context.set("lowerdir+", layer).ok())) break;
  if (!added) {
    // Kernels before 6.8 take one string of at most 255 bytes.
    context = TRY(linux::FilesystemContext::open("overlay"));
    TRY(context.set("lowerdir", join(layers_, ":")));
  }
  const auto mount = TRY(std::move(context).create(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID));
  return RootDir(TRY(sys::dup(mount.root())));
}

}  // namespace hull::engine::oci
