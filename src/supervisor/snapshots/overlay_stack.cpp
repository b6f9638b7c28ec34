#include "supervisor/snapshots/overlay_stack.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "base/rollback.h"
#include "base/sys.h"
#include "base/text.h"
#include "linux/detached_mount.h"
#include "linux/mount_words.h"
#include "supervisor/snapshots/directory.h"

namespace hull::supervisor {
namespace {

Result<void> mount_one(const std::string& root) {
  const std::string base = root + "/probe";
  TRY(remove_tree(base));
  for (const char* folder : {"/lower", "/upper", "/work", "/merged"}) TRY(make_directories(base + folder, 0700));
  const std::string options = "lowerdir=" + base + "/lower,upperdir=" + base + "/upper,workdir=" + base + "/work";
  const bool mounted = ::mount("overlay", (base + "/merged").c_str(), "overlay", 0, options.c_str()) == 0;
  const int error = errno;
  if (mounted) ::umount2((base + "/merged").c_str(), MNT_DETACH);
  TRY(remove_tree(base));
  if (mounted) return {};
  return Error::from_errno(error, "mount overlayfs below " + root).as(Code::kUnimplemented);
}

Result<void> map_one(const std::string& root) {
  const auto clone = TRY(linux::DetachedMount::clone(root, linux::Recursive::kNo));
  const UniqueFd user_namespace = TRY(linux::make_user_namespace({{0, 1, 1}}, {{0, 1, 1}}));
  return clone.change({.set = MOUNT_ATTR_IDMAP, .user_namespace = user_namespace}, linux::Recursive::kNo);
}

/// Whom the container's root is outside.
Result<uint32_t> mapped_root(const std::string& map) {
  for (const linux::IdRange& range : TRY(linux::parse_id_ranges(map)))
    if (range.inside == 0) return range.outside;
  return invalid_argument("id map \"" + map + "\" has no root");
}

}  // namespace

Result<void> probe_overlay(const std::string& root) {
  const std::string probed = root + "/probed";
  if (exists(probed)) return {};  // a mount on each start would cost
  TRY(mount_one(root));
  return replace_file(probed, "", 0600, Durable::kNo);
}

bool can_map_ids(const std::string& root) {
  const auto mapped = map_one(root);
  if (!mapped.ok()) logging::debug("map ids of snapshots", {{"root", root}, {"error", mapped.error().message()}});
  return mapped.ok();
}

Result<void> make_overlay_directories(const OverlayPaths& paths, const SnapshotChain& chain) {
  TRY(sys::mkdir(paths.upper, 0755));
  if (chain.kind == SnapshotKind::kActive) TRY(sys::mkdir(paths.work, 0711));
  if (paths.lowers.empty()) return sys::chmod(paths.upper, 0755);  // whatever the umask
  // The upper directory's owner and mode are those of the mounted root.
  TRY(copy_owner_and_mode(paths.lowers.front(), paths.upper));
  if (chain.ids.empty()) return {};
  // Only the lower ones are mapped: overlayfs writes to this one as the container's own users.
  return sys::chown(paths.upper, TRY(mapped_root(chain.ids.uids)), TRY(mapped_root(chain.ids.gids)));
}

std::vector<Mount> overlay_mounts(const OverlayPaths& paths, const SnapshotChain& chain) {
  const bool writable = chain.kind == SnapshotKind::kActive;
  std::vector<std::string> options;
  if (!chain.ids.empty()) options = {"uidmap=" + chain.ids.uids, "gidmap=" + chain.ids.gids};
  if (paths.lowers.empty() || (!writable && paths.lowers.size() == 1)) {
    options.insert(options.end(), {writable ? "rw" : "ro", "rbind"});
    return {{"bind", paths.lowers.empty() ? paths.upper : paths.lowers[0], "", std::move(options)}};
  }
  // With an index a copied layer could not be mounted; containerd's default, too.
  static const bool has_index = exists("/sys/module/overlay/parameters/index");
  if (has_index) options.push_back("index=off");
  if (writable) options.insert(options.end(), {"workdir=" + paths.work, "upperdir=" + paths.upper});
  options.push_back("lowerdir=" + join(paths.lowers, ":"));
  return {{"overlay", "overlay", "", std::move(options)}};
}

}  // namespace hull::supervisor
