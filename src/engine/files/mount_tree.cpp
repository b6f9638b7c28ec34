#include "engine/files/mount_tree.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <optional>

#include "base/daemon/thread.h"
#include "base/root_dir.h"
#include "base/sys.h"
#include "base/text.h"
#include "linux/namespaces.h"

namespace hull::engine {
namespace {

/// As many layers as there are: kernels before 6.8 take them in one string only, of at most 255 bytes.
Result<linux::FilesystemContext> overlay_context(const containerd::Mount& mount, bool layer_by_layer) {
  auto context = TRY(linux::FilesystemContext::open("overlay"));
  for (const std::string& option : mount.options) {
    const auto parts = cut(option, "=");
    const std::string key(parts ? parts->before : std::string_view(option));
    if (!parts) {
      if (key != "ro" && key != "rw") TRY(context.set_flag(key));
    } else if (key == "lowerdir" && layer_by_layer) {
      for (const auto layer : split(parts->after, ':')) TRY(context.set("lowerdir+", std::string(layer)));
    } else {
      TRY(context.set(key, std::string(parts->after)));
    }
  }
  return context;
}

Result<linux::DetachedMount> mount_rootfs(const std::vector<containerd::Mount>& mounts) {
  if (mounts.size() != 1) return invalid_argument("root file system with " + std::to_string(mounts.size()) + " mounts");
  const containerd::Mount& mount = mounts.front();
  if (mount.type == "bind") return linux::DetachedMount::clone(mount.source, linux::Recursive::kNo);
  if (mount.type != "overlay") return invalid_argument("root file system of type " + mount.type);
  auto context = overlay_context(mount, true);
  if (!context.ok()) context = overlay_context(mount, false);
  return TRY(std::move(context)).create(0);
}

Result<linux::DetachedMount> clone_part(const TreePart& part) {
  auto made =
      TRY(part.subpath.empty() ? linux::DetachedMount::clone(part.source, part.recursive)
                               : linux::DetachedMount::clone(
                                     TRY(TRY(RootDir::open(part.source)).open(part.subpath, O_PATH)), part.recursive));
  // Else what is mounted in it here would be mounted at its source, too.
  TRY(made.change({.propagation = MS_PRIVATE}, linux::Recursive::kYes));
  if (part.read_only) TRY(made.change({.set = MOUNT_ATTR_RDONLY}, linux::Recursive::kNo));
  return made;
}

/// Where a part goes; nothing where it can't, as a file on a directory.
Result<std::optional<UniqueFd>> place_of(const RootDir& root, const TreePart& part, bool is_directory) {
  using Place = std::optional<UniqueFd>;
  auto found = root.open(part.destination, O_PATH);
  if (found.is(Code::kNotFound) && is_directory && part.missing == TreePart::Missing::kMakeDirectory)
    found = root.make_directories(part.destination, 0755);
  if (!found.ok()) return Place();
  const bool fits = S_ISDIR(TRY(sys::fstat(*found)).st_mode) == is_directory;
  return fits ? Place(std::move(found).value()) : Place();
}

/// On a thread of its own, which may change its namespaces.
Result<linux::DetachedMount> assemble_here(const TreeRootSource& source, const std::vector<TreePart>& parts) {
  TRY(linux::unshare(CLONE_FS));
  std::vector<linux::DetachedMount> clones;
  for (const TreePart& part : parts) clones.push_back(TRY(clone_part(part).context("open mount " + part.source)));
  if (source.mount_namespace.valid()) TRY(linux::join_namespaces(source.mount_namespace, CLONE_NEWNS));
  auto root = TRY(source.mount_namespace.valid() ? linux::DetachedMount::clone("/", linux::Recursive::kNo)
                                                 : mount_rootfs(source.rootfs));
  // Mounts can be put only on what is attached: here, in a namespace that ends with the thread.
  TRY(linux::unshare(CLONE_NEWNS));
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return Error::from_errno(errno, "make mounts private");
  const UniqueFd top = TRY(std::move(root).attach(TRY(sys::open("/", O_PATH | O_DIRECTORY))));
  const RootDir tree(TRY(sys::dup(top)));
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool is_directory = S_ISDIR(TRY(sys::fstat(clones[i].root())).st_mode);
    const auto place = TRY(place_of(tree, parts[i], is_directory));
    if (place) TRY(std::move(clones[i]).attach(*place).context("mount on " + parts[i].destination));
  }
  if (source.read_only) TRY(linux::change_mount(top, {.set = MOUNT_ATTR_RDONLY}, linux::Recursive::kNo));
  return linux::DetachedMount::clone(top, linux::Recursive::kYes);
}

}  // namespace

Result<linux::DetachedMount> assemble_tree(const TreeRootSource& root, const std::vector<TreePart>& parts) {
  std::optional<Result<linux::DetachedMount>> made;
  Thread thread = TRY(Thread::start("mounts", [&] { made.emplace(assemble_here(root, parts)); }));
  thread.join();
  return *std::move(made);
}

}  // namespace hull::engine
