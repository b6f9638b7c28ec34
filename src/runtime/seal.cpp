#include "runtime/seal.h"

#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/sys.h"
#include "linux/detached_mount.h"
#include "linux/namespaces.h"
#include "linux/process_attributes.h"

namespace hull::runtime {
namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

/// The marker says that we came here by ourselves, the file that it can't be written: a host's read-only file system
/// alone would not do, since it can be remounted.
bool is_sealed() {
  if (!::getenv(HULL_SEALED_MARKER)) return false;
  ::unsetenv(HULL_SEALED_MARKER);
  const auto self = sys::open("/proc/self/exe", O_RDONLY);
  if (!self.ok()) return false;
  const int seals = ::fcntl(self->get(), F_GET_SEALS);
  if (seals != -1) return (seals & kSeals) == kSeals;
  struct statvfs info {};
  return ::fstatvfs(self->get(), &info) == 0 && (info.f_flag & ST_RDONLY);
}

Result<UniqueFd> read_only_image(const std::string& path) {
  auto mount = TRY(linux::DetachedMount::clone(path, linux::Recursive::kNo));
  TRY(mount.change({.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID}, linux::Recursive::kNo));
  return UniqueFd(::fcntl(mount.root().get(), F_DUPFD_CLOEXEC, 3));
}

/// Who may not mount may do so in a user namespace of its own. Nobody stays in it who could make the image writable.
Result<UniqueFd> image_of_own_namespace() {
  const std::string path = TRY(sys::readlink("/proc/self/exe"));
  sys::SocketPair sockets = TRY(sys::socketpair(SOCK_STREAM));
  const linux::Child child = TRY(linux::fork_into(CLONE_NEWUSER | CLONE_NEWNS));
  if (child.pid == 0) {
    const auto image = read_only_image(path);
    const bool sent = image.ok() && linux::send_descriptor(sockets.second, *image, "image").ok();
    ::_exit(sent ? 0 : 1);
  }
  sockets.second.reset();
  auto image = linux::receive_descriptor(sockets.first);
  (void)sys::waitpid(child.pid, 0);
  if (!image.ok()) return image;
  const struct stat found = TRY(sys::fstat(*image));
  const struct stat own = TRY(sys::stat("/proc/self/exe"));
  if (found.st_ino != own.st_ino || found.st_dev != own.st_dev) return failed_precondition("own binary was replaced");
  return image;
}

/// EBUSY: a page is looked at by another part of the kernel just now, such as a list that a processor keeps of new
/// pages; it has waited for a while then.
Result<void> seal(FdRef copy) {
  constexpr int kTries = 20;
  int result = -1;
  for (int i = 0; i < kTries && result == -1; ++i) {
    result = ::fcntl(copy.get(), F_ADD_SEALS, kSeals);
    if (result == -1 && errno != EBUSY) break;
  }
  if (result == -1) return Error::from_errno(errno, "seal own binary");
  return {};
}

Result<UniqueFd> copied_image() {
  const UniqueFd self = TRY(sys::open("/proc/self/exe", O_RDONLY));
  UniqueFd copy = TRY(sys::memfd_create("hull-runc", MFD_ALLOW_SEALING));
  auto left = TRY(sys::fstat(self)).st_size;
  while (left > 0) {
    const ssize_t sent = ::sendfile(copy.get(), self.get(), nullptr, static_cast<size_t>(left));
    if (sent <= 0) return Error::from_errno(errno, "copy own binary");
    left -= sent;
  }
  TRY(seal(copy));
  return copy;
}

}  // namespace

Result<void> run_from_sealed_image(char** argv) {
  if (is_sealed()) return {};
  auto image = read_only_image("/proc/self/exe");
  if (!image.ok()) image = image_of_own_namespace();
  if (!image.ok()) image = copied_image();
  const UniqueFd file = TRY(std::move(image));
  ::setenv(HULL_SEALED_MARKER, "1", 1);
  ::execveat(file.get(), "", argv, environ, AT_EMPTY_PATH);
  return Error::from_errno(errno, "run sealed copy of own binary");
}

}  // namespace hull::runtime
