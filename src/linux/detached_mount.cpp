#include "linux/detached_mount.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "base/sys.h"
#include "base/text.h"

namespace hull::linux {
namespace {

Result<DetachedMount> open_tree_at(int dir, const std::string& path, unsigned flags, Recursive recursive) {
  flags |= OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
  if (recursive == Recursive::kYes) flags |= AT_RECURSIVE;
  const int fd = ::open_tree(dir, path.c_str(), flags);
  if (fd == -1) return Error::from_errno(errno, path.empty() ? "clone mount" : "clone mount of " + path);
  return DetachedMount(UniqueFd(fd));
}

}  // namespace

Result<DetachedMount> DetachedMount::clone(FdRef object, Recursive recursive) {
  return open_tree_at(object.get(), "", AT_EMPTY_PATH, recursive);
}

Result<DetachedMount> DetachedMount::clone(const std::string& path, Recursive recursive) {
  return open_tree_at(AT_FDCWD, path, 0, recursive);
}

Result<void> DetachedMount::change(const MountAttributes& attributes, Recursive recursive) const {
  return change_mount(root_, attributes, recursive);
}

Result<UniqueFd> DetachedMount::attach(FdRef target) && {
  if (::move_mount(root_.get(), "", target.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == -1)
    return Error::from_errno(errno, "attach mount");
  return std::move(root_);
}

Result<void> change_mount(FdRef root, const MountAttributes& attributes, Recursive recursive) {
  mount_attr wanted{};
  wanted.attr_set = attributes.set;
  wanted.attr_clr = attributes.clear;
  wanted.propagation = attributes.propagation;
  if (attributes.user_namespace.valid()) wanted.userns_fd = static_cast<uint64_t>(attributes.user_namespace.get());
  const unsigned flags = AT_EMPTY_PATH | (recursive == Recursive::kYes ? AT_RECURSIVE : 0);
  if (::mount_setattr(root.get(), "", flags, &wanted, sizeof wanted) == -1)
    return Error::from_errno(errno, "set mount attributes");
  return {};
}

Result<FilesystemContext> FilesystemContext::open(const std::string& type) {
  const int fd = ::fsopen(type.c_str(), FSOPEN_CLOEXEC);
  if (fd == -1) return Error::from_errno(errno, "open file system type " + type);
  return FilesystemContext(UniqueFd(fd), type);
}

/// The kernel leaves its reason in the context: "e tmpfs: Unknown parameter 'x'".
Error FilesystemContext::explain(Error error) const {
  char text[512];
  const auto size = sys::read(context_, text);
  if (!size.ok() || *size < 2) return error;
  const std::string_view reason = trim(std::string_view(text, *size).substr(2));
  return Error::from_errno(error.number(), std::string(reason));
}

Result<void> FilesystemContext::set(const std::string& key, const std::string& value) {
  if (::fsconfig(context_.get(), FSCONFIG_SET_STRING, key.c_str(), value.c_str(), 0) == -1)
    return explain(Error::from_errno(errno, "set " + key + " of " + type_));
  return {};
}

Result<void> FilesystemContext::set_flag(const std::string& key) {
  if (::fsconfig(context_.get(), FSCONFIG_SET_FLAG, key.c_str(), nullptr, 0) == -1)
    return explain(Error::from_errno(errno, "set " + key + " of " + type_));
  return {};
}

Result<void> FilesystemContext::set_options(const std::string& comma_separated) {
  for (const std::string_view option : split(comma_separated, ',')) {
    if (option.empty()) continue;
    const auto parts = cut(option, "=");
    if (parts) {
      TRY(set(std::string(parts->before), std::string(parts->after)));
    } else {
      TRY(set_flag(std::string(option)));
    }
  }
  return {};
}

Result<DetachedMount> FilesystemContext::create(uint64_t attributes) && {
  if (::fsconfig(context_.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == -1)
    return explain(Error::from_errno(errno, "create " + type_));
  const int fd = ::fsmount(context_.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes));
  if (fd == -1) return explain(Error::from_errno(errno, "mount " + type_));
  return DetachedMount(UniqueFd(fd));
}

Result<int64_t> filesystem_magic(FdRef object) {
  struct statfs64 info {};
  if (::fstatfs64(object.get(), &info) == -1) return Error::from_errno(errno, "statfs");
  return static_cast<int64_t>(info.f_type);
}

Result<void> pivot_into(FdRef root) {
  const UniqueFd old_root = TRY(sys::open("/", O_PATH | O_DIRECTORY));
  if (::fchdir(root.get()) == -1) return Error::from_errno(errno, "chdir to rootfs");
  // Both names are ".": the old root comes to lie on top of the new one, so no directory in the rootfs is needed for
  // it (pivot_root(2), notes).
  if (::syscall(SYS_pivot_root, ".", ".") == -1) return Error::from_errno(errno, "pivot_root");
  if (::fchdir(old_root.get()) == -1) return Error::from_errno(errno, "chdir to old root");
  // Unmounts must not travel to the host.
  if (::mount("", ".", "", MS_SLAVE | MS_REC, nullptr) == -1) return Error::from_errno(errno, "make old root slave");
  if (::umount2(".", MNT_DETACH) == -1) return Error::from_errno(errno, "unmount old root");
  if (::chdir("/") == -1) return Error::from_errno(errno, "chdir to /");
  return {};
}

Result<void> move_into(FdRef root) {
  if (::fchdir(root.get()) == -1) return Error::from_errno(errno, "chdir to rootfs");
  if (::mount(".", "/", nullptr, MS_MOVE, nullptr) == -1) return Error::from_errno(errno, "move rootfs to /");
  return change_root(root);
}

Result<void> change_root(FdRef root) {
  if (::fchdir(root.get()) == -1) return Error::from_errno(errno, "chdir to rootfs");
  if (::chroot(".") == -1) return Error::from_errno(errno, "chroot");
  if (::chdir("/") == -1) return Error::from_errno(errno, "chdir to /");
  return {};
}

Result<uint64_t> mount_id(FdRef object) {
  constexpr unsigned kUniqueId = 0x4000;  // STATX_MNT_ID_UNIQUE
  struct statx info {};
  if (::statx(object.get(), "", AT_EMPTY_PATH, STATX_MNT_ID | kUniqueId, &info) == -1)
    return Error::from_errno(errno, "statx");
  return uint64_t{info.stx_mnt_id};
}

}  // namespace hull::linux
