#include "supervisor/diff/layers.h"

#include <sys/mount.h>

#include <algorithm>

#include "base/files.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/rollback.h"
#include "base/sys.h"
#include "base/text.h"
#include "linux/mount_flags.h"

namespace hull::supervisor {
namespace {

constexpr std::string_view kViewPrefix = "view-";
constexpr std::string_view kUpper = "upperdir=";
constexpr std::string_view kLower = "lowerdir=";

bool has_option(const Mount& mount, std::string_view option) {
  return std::find(mount.options.begin(), mount.options.end(), option) != mount.options.end();
}

Result<void> mount_one(const Mount& mount, const std::string& target) {
  unsigned long flags = 0;
  std::vector<std::string> data;
  for (const std::string& option : mount.options) {
    if (option == "bind" || option == "rbind")
      flags |= option == "bind" ? MS_BIND : MS_BIND | MS_REC;
    else if (const auto* known = linux::find_mount_flag(option))
      flags = (flags & ~known->legacy_clear) | known->legacy_set;
    else
      data.push_back(option);
  }
  const bool bind = mount.type == "bind" || mount.type == "rbind";
  if (bind) flags |= MS_BIND;
  const std::string text = join(data, ",");
  const char* type = bind ? nullptr : mount.type.c_str();
  if (::mount(mount.source.c_str(), target.c_str(), type, flags, text.c_str()) != 0)
    return Error::from_errno(errno, "mount " + mount.type + " " + mount.source);
  // A bind mount takes read-only only from a second call (mount(2)).
  if (bind && (flags & MS_RDONLY) != 0 && ::mount(nullptr, target.c_str(), nullptr, MS_REMOUNT | flags, nullptr) != 0)
    return Error::from_errno(errno, "make " + target + " read-only");
  return {};
}

}  // namespace

std::optional<LayerStack> stack_of(const std::vector<Mount>& mounts) {
  if (mounts.empty()) return LayerStack{};
  if (mounts.size() != 1 || !mounts[0].target.empty()) return std::nullopt;
  const Mount& mount = mounts[0];
  if (mount.type == "bind") return LayerStack{{mount.source}, !has_option(mount, "ro")};
  if (mount.type != "overlay") return std::nullopt;
  LayerStack stack;
  for (const std::string& option : mount.options) {
    if (option.starts_with(kUpper)) {
      stack.directories.insert(stack.directories.begin(), option.substr(kUpper.size()));
      stack.writable = true;
    } else if (option.starts_with(kLower)) {
      // Escaped colons and kernels' "::" data layers are nothing that we make.
      if (option.find('\\') != std::string::npos || option.find("::") != std::string::npos) return std::nullopt;
      for (const auto part : split(std::string_view(option).substr(kLower.size()), ':'))
        stack.directories.emplace_back(part);
    } else if (option.starts_with("redirect_dir=") || option.starts_with("metacopy=")) {
      return std::nullopt;  // the upper directory then is no plain list of changes
    }
  }
  return stack;
}

Result<MountedView> MountedView::create(const std::vector<Mount>& mounts, const std::string& scratch) {
  const std::string path = scratch + "/" + std::string(kViewPrefix) + random_hex(12);
  TRY(make_directories(scratch, 0700));
  TRY(sys::mkdir(path, 0700));
  MountedView view(path);
  for (const Mount& mount : mounts) {
    if (!mount.target.empty()) return invalid_argument("mount with target \"" + mount.target + "\" is not supported");
    TRY(mount_one(mount, path));
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
