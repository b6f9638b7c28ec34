#include "engine/containers/host_mounts.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/files.h"
#include "base/root_dir.h"
#include "base/sys.h"
#include "linux/detached_mount.h"

namespace hull::engine {
namespace {

constexpr mode_t kDirectoryMode = 0711;

bool is_mount_point(const std::string& path) {
  struct statx status {};
  return ::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &status) == 0 &&
         (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/// An empty place of the kind that can be mounted on: a mount of a file wants a file.
Result<UniqueFd> make_place(const std::string& path, bool is_directory) {
  if (is_directory) {
    TRY(make_directories(path, kDirectoryMode));
  } else {
    TRY(sys::open(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600));
  }
  return sys::open(path, O_PATH | O_NOFOLLOW);
}

}  // namespace

Result<std::string> mount_shared_memory(const std::string& directory, int64_t size) {
  const std::string path = directory + "/shm";
  if (is_mount_point(path)) return path;
  TRY(make_directories(directory, kDirectoryMode));
  auto context = TRY(linux::FilesystemContext::open("tmpfs"));
  TRY(context.set("source", "shm"));
  TRY(context.set("mode", "1777"));
  TRY(context.set("size", std::to_string(size)));
  auto made = TRY(std::move(context).create(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
  TRY(std::move(made).attach(TRY(make_place(path, true))));
  return path;
}

Result<std::string> mount_subpath(const std::string& directory, const std::string& volume, const std::string& subpath) {
  const RootDir root = TRY(RootDir::open(volume));
  auto found = root.open(subpath, O_PATH);
  if (!found.ok()) return std::move(found).error().context("cannot access path " + volume + "/" + subpath);
  const bool is_directory = S_ISDIR(TRY(sys::fstat(*found)).st_mode);
  TRY(make_directories(directory, kDirectoryMode));
  const size_t number = TRY(list_directory(directory)).size();
  const std::string path = directory + "/part-" + std::to_string(number);
  auto part = TRY(linux::DetachedMount::clone(*found, linux::Recursive::kNo));
  TRY(part.change({.propagation = MS_PRIVATE}, linux::Recursive::kNo));
  TRY(std::move(part).attach(TRY(make_place(path, is_directory))));
  return path;
}

Result<void> unmount_all(const std::string& directory) {
  const auto names = list_directory(directory);
  if (names.is(Code::kNotFound)) return {};
  for (const std::string& name : TRY(names)) {
    const std::string path = directory + "/" + name;
    while (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {}
    // What is still mounted must not be taken for rubbish.
    if (is_mount_point(path)) return Error::from_errno(EBUSY, "unmount " + path);
    if (!sys::rmdir(path).ok()) TRY(sys::unlink(path));
  }
  return sys::rmdir(directory);
}

}  // namespace hull::engine
