#include "supervisor/snapshots/image_mount.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include "base/sys.h"
#include "linux/detached_mount.h"

namespace hull::supervisor {
namespace {

constexpr unsigned long kFlags = MS_RDONLY;
constexpr int kTries = 64;

Result<void> mount_device(const std::string& source, const std::string& directory) {
  if (::mount(source.c_str(), directory.c_str(), "erofs", kFlags, nullptr) == 0) return {};
  return Error::from_errno(errno, "mount erofs " + source);
}

/// Others look for free ones, too: whoever configures it first has it.
Result<std::string> attach_loop(FdRef image, UniqueFd& held) {
  const UniqueFd control = TRY(sys::open("/dev/loop-control", O_RDWR));
  for (int i = 0; i < kTries; ++i) {
    const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return Error::from_errno(errno, "find a free loop device");
    const std::string device = "/dev/loop" + std::to_string(number);
    held = TRY(sys::open(device, O_RDONLY));
    loop_config config{};
    config.fd = static_cast<uint32_t>(image.get());
    config.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;
    if (::ioctl(held.get(), LOOP_CONFIGURE, &config) == 0) return device;
    if (errno != EBUSY) return Error::from_errno(errno, "configure " + device);
  }
  return unavailable("find a free loop device: others were always faster");
}

}  // namespace

Result<void> mount_image_by_loop(const std::string& image, const std::string& directory) {
  const UniqueFd file = TRY(sys::open(image, O_RDONLY));
  UniqueFd held;  // until it is mounted, so that it is not cleared
  return mount_device(TRY(attach_loop(file, held)), directory);
}

Result<void> mount_image(const std::string& image, const std::string& directory) {
  const UniqueFd place = TRY(sys::open(directory, O_RDONLY | O_DIRECTORY));
  if (TRY(linux::filesystem_magic(place)) == EROFS_SUPER_MAGIC_V1) return {};
  auto mounted = mount_device(image, directory);
  // A kernel that only takes devices says so.
  if (mounted.ok() || mounted.error().number() != ENOTBLK) return mounted;
  return mount_image_by_loop(image, directory);
}

}  // namespace hull::supervisor
