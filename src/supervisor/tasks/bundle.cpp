#include "supervisor/tasks/bundle.h"

#include <sys/mount.h>

#include <cerrno>

#include "base/files.h"
#include "base/json.h"
#include "base/rollback.h"
#include "base/sys.h"

namespace hull::supervisor {
namespace {

struct IdMapping {
  uint32_t container = 0;
  uint32_t host = 0;
};
struct Linux {
  std::vector<IdMapping> gid_mappings;
};
struct Spec {
  Linux linux_part;
};
template <class V>
void describe(V& json, IdMapping& mapping) {
  json.field("containerID", mapping.container);
  json.field("hostID", mapping.host);
}
template <class V>
void describe(V& json, Linux& part) {
  json.field("gidMappings", part.gid_mappings);
}
template <class V>
void describe(V& json, Spec& spec) {
  json.field("linux", spec.linux_part);
}

/// A container in a user namespace gets to its root file system as that namespace's root group.
Result<void> open_to_mapped_root(const std::string& path, const std::string& text) {
  if (text.find("\"gidMappings\"") == std::string::npos) return {};
  const auto spec = TRY(json::parse<Spec>(text).context("container spec"));
  for (const IdMapping& mapping : spec.linux_part.gid_mappings) {
    if (mapping.container != 0) continue;
    TRY(sys::chown(path, 0, mapping.host));
    return sys::chmod(path, 0710);
  }
  return {};
}

Result<void> unmount_all(const std::string& directory) {
  while (::umount2(directory.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) {}
  if (errno == EINVAL || errno == ENOENT) return {};
  return Error::from_errno(errno, "unmount " + directory);
}

}  // namespace

Bundle bundle_of(const BundlePlaces& places, const std::string& ns, const std::string& id) {
  const std::string below = "/" + places.owner + "/" + ns + "/" + id;
  return {ns, id, places.state + below, places.root + below};
}

Result<Bundle> create_bundle(const BundlePlaces& places, const std::string& ns, const std::string& id,
                             const std::string& spec) {
  const Bundle bundle = bundle_of(places, ns, id);
  Rollback undo;
  TRY(make_directories(places.state + "/" + places.owner + "/" + ns, 0711));
  TRY(make_directories(places.root + "/" + places.owner + "/" + ns, 0711));
  TRY(sys::mkdir(bundle.path, 0700));
  undo.add([&] { return remove_bundle(bundle); });
  TRY(open_to_mapped_root(bundle.path, spec));
  TRY(sys::mkdir(bundle.file("rootfs"), 0711));
  // Left over from before a reboot, when the state directory was emptied.
  TRY(remove_tree(bundle.work));
  TRY(sys::mkdir(bundle.work, 0711));
  TRY(sys::symlink(bundle.work, bundle.file("work")));
  TRY(replace_file(bundle.file("config.json"), spec, 0600, Durable::kNo));
  undo.commit();
  return bundle;
}

Result<void> remove_bundle(const Bundle& bundle) {
  // Before anything is removed: what is mounted there is the container's file system.
  TRY(unmount_all(bundle.file("rootfs")));
  TRY(remove_tree(bundle.path));
  return remove_tree(bundle.work);
}

Result<std::vector<Bundle>> list_bundles(const BundlePlaces& places) {
  std::vector<Bundle> bundles;
  const std::string base = places.state + "/" + places.owner;
  if (!exists(base)) return bundles;
  for (const std::string& ns : TRY(list_directory(base)))
    for (const std::string& id : list_directory(base + "/" + ns).value_or({}))
      bundles.push_back(bundle_of(places, ns, id));
  return bundles;
}

}  // namespace hull::supervisor
