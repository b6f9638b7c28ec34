#include "supervisor/diff/layers.h"

#include <algorithm>

#include "base/text.h"

namespace hull::supervisor {
namespace {

constexpr std::string_view kUpper = "upperdir=";
constexpr std::string_view kLower = "lowerdir=";

bool has_option(const Mount& mount, std::string_view option) {
  return std::find(mount.options.begin(), mount.options.end(), option) != mount.options.end();
}

}  // namespace

std::optional<LayerStack> stack_of(const std::vector<Mount>& mounts) {
  if (mounts.empty()) return LayerStack{};
  if (mounts.size() != 1 || !mounts[0].target.empty()) return std::nullopt;
  const Mount& mount = mounts[0];
  if (mount.type == "bind") return LayerStack{{mount.source}, !has_option(mount, "ro"), false, false};
  if (mount.type != "overlay" && mount.type != "fuse3.fuse-overlayfs") return std::nullopt;
  LayerStack stack;
  stack.merged = true;
  stack.by_kernel = mount.type == "overlay";
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

}  // namespace hull::supervisor
