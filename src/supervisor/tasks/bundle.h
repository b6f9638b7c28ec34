#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace hull::supervisor {

/// Where bundles are: <state>/<owner>/<namespace>/<id> (config.json, rootfs/, address, work ->) and, for what must
/// outlive a reboot, <root>/<owner>/<namespace>/<id>.
struct BundlePlaces {
  std::string state;
  std::string root;
  std::string owner = "io.containerd.runtime.v2.task";  ///< whose shims: containerd's name of that part
};

/// A container's directory, as its shim and runtime see it.
struct Bundle {
  std::string ns;
  std::string id;
  std::string path;
  std::string work;

  std::string file(std::string_view name) const { return path + "/" + std::string(name); }
};

Bundle bundle_of(const BundlePlaces& places, const std::string& ns, const std::string& id);
/// Errors: kAlreadyExists. Nothing is left on an error.
Result<Bundle> create_bundle(const BundlePlaces& places, const std::string& ns, const std::string& id,
                             const std::string& spec);
/// Unmounts what is left of the root file system and removes all of it; a missing bundle is no error.
Result<void> remove_bundle(const Bundle& bundle);
/// All that are there, whatever their state.
Result<std::vector<Bundle>> list_bundles(const BundlePlaces& places);

}  // namespace hull::supervisor
