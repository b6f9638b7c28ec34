#include "engine/volumes/local_driver.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>

#include "base/sys.h"
#include "base/text.h"
#include "linux/mount_flags.h"

namespace hull::engine {
namespace {

struct MountOptions {
  std::optional<linux::Recursive> bind;
  linux::MountAttributes attributes{};
  std::string data;  ///< for the file system
  std::string server;
};

MountOptions parse(const std::string& text) {
  MountOptions options;
  for (const std::string_view word : split(text, ',')) {
    if (word.empty() || word == "defaults") continue;
    if (word == "bind") {
      options.bind = linux::Recursive::kNo;
    } else if (word == "rbind") {
      options.bind = linux::Recursive::kYes;
    } else if (const auto* flag = linux::find_mount_flag(word)) {
      linux::apply(options.attributes, *flag);
    } else {
      if (word.starts_with("addr=")) options.server = word.substr(5);
      options.data += options.data.empty() ? "" : ",";
      options.data += word;
    }
  }
  return options;
}

std::string option(const DriverOptions& options, const std::string& name) {
  const auto found = options.find(name);
  return found == options.end() ? "" : found->second;
}

bool is_nfs(const std::string& type) { return type == "nfs" || type == "nfs4"; }

Result<linux::DetachedMount> bind_mount(const DriverOptions& options, const MountOptions& mount) {
  const std::string device = option(options, "device");
  auto made = TRY(linux::DetachedMount::clone(device, *mount.bind));
  if (mount.attributes.set != 0 || mount.attributes.clear != 0) TRY(made.change(mount.attributes, *mount.bind));
  return made;
}

Result<linux::DetachedMount> new_mount(const DriverOptions& options, const MountOptions& mount) {
  auto context = TRY(linux::FilesystemContext::open(option(options, "type")));
  TRY(context.set("source", option(options, "device")));
  if (!mount.data.empty()) TRY(context.set_options(mount.data));
  return std::move(context).create(mount.attributes.set);
}

}  // namespace

Result<void> validate_local_options(const DriverOptions& options) {
  if (options.empty()) return {};
  for (const auto& [name, value] : options) {
    if (name == "size") return unimplemented("volume option \"size\" needs project quotas, which are not built yet");
    if (name != "type" && name != "o" && name != "device") return invalid_argument("invalid option: \"" + name + "\"");
  }
  for (const char* name : {"device", "type"})
    if (option(options, name).empty())
      return invalid_argument("missing required option: \"" + std::string(name) + "\"");
  const std::string type = option(options, "type");
  const MountOptions mount = parse(option(options, "o"));
  if (mount.bind) {
    if (type != "none" && type != "bind") return invalid_argument("volume option type=" + type + " contradicts o=bind");
    if (option(options, "device").front() != '/')
      return invalid_argument("volume option device=" + option(options, "device") + ": expected an absolute path");
    return {};
  }
  if (is_nfs(type) && mount.server.find_first_not_of("0123456789abcdefABCDEF.:") != std::string::npos)
    return unimplemented("volume option o=addr=" + mount.server + ": only an IP address is accepted yet");
  if (is_nfs(type) && mount.server.empty()) return invalid_argument("volume type nfs needs option o=addr=<address>");
  if (type != "tmpfs" && !is_nfs(type)) return unimplemented("volume option type=" + type + " is not built yet");
  return {};
}

bool is_mounted(const std::string& directory) {
  struct statx status;
  return ::statx(AT_FDCWD, directory.c_str(), AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC, STATX_TYPE, &status) == 0 &&
         (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

Result<void> mount_local(const DriverOptions& options, const std::string& directory) {
  if (options.empty() || is_mounted(directory)) return {};
  const MountOptions mount = parse(option(options, "o"));
  auto made = TRY(mount.bind ? bind_mount(options, mount) : new_mount(options, mount));
  UniqueFd target = TRY(sys::open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  TRY(std::move(made).attach(target));
  return {};
}

Result<void> unmount_local(const std::string& directory) {
  if (::umount2(directory.c_str(), UMOUNT_NOFOLLOW | MNT_DETACH) == -1 && errno != EINVAL && errno != ENOENT)
    return Error::from_errno(errno, "unmount " + directory);
  return {};
}

VolumeMounter& local_mounter() {
  class Local final : public VolumeMounter {
   public:
    Result<void> mount(const DriverOptions& options, const std::string& directory) override {
      return mount_local(options, directory);
    }
    Result<void> unmount(const std::string& directory) override { return unmount_local(directory); }
  };
  static Local mounter;
  return mounter;
}

}  // namespace hull::engine
