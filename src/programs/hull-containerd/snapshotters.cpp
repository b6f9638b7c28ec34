#include "programs/hull-containerd/snapshotters.h"

#include "base/log.h"
#include "supervisor/snapshots/btrfs_driver.h"
#include "supervisor/snapshots/erofs_driver.h"
#include "supervisor/snapshots/native_driver.h"
#include "supervisor/snapshots/overlay_driver.h"

namespace hull::supervisor {
namespace {

using Driver = Result<std::unique_ptr<SnapshotDriver>>;

template <class T>
Driver widened(Result<std::unique_ptr<T>> opened) {
  if (!opened.ok()) return std::move(opened).error();
  return std::unique_ptr<SnapshotDriver>(std::move(opened).value());
}

struct Kind {
  const char* name;
  Driver (*open)(const std::string& root);
};
constexpr Kind kKinds[] = {
    {"overlayfs", [](const std::string& root) { return widened(OverlayDriver::open(root)); }},
    {"native", [](const std::string& root) { return widened(NativeDriver::open(root)); }},
    {"btrfs", [](const std::string& root) { return widened(BtrfsDriver::open(root)); }},
    {"erofs", [](const std::string& root) { return widened(ErofsDriver::open(root)); }},
    {"fuse-overlayfs",
     [](const std::string& root) { return widened(OverlayDriver::open(root, OverlayDriver::Flavour::kFuse)); }},
};

DaemonPart part_of(const std::string& name, const std::string& root) {
  return {"io.containerd.snapshotter.v1", name, {}, {{"root", root}}, {}, true, ""};
}

}  // namespace

std::vector<Snapshotter*> Snapshotters::all() const {
  std::vector<Snapshotter*> list;
  for (const auto& snapshotter : owned) list.push_back(snapshotter.get());
  return list;
}

Result<Snapshotters> open_snapshotters(Database& database, const std::string& root, Flusher& flusher) {
  Snapshotters snapshotters;
  for (const Kind& kind : kKinds) {
    const std::string folder = root + "/" + kind.name;
    DaemonPart part = part_of(kind.name, folder);
    auto driver = kind.open(folder);
    if (!driver.ok()) {
      const auto level = driver.is(Code::kUnimplemented) ? logging::Level::kInfo : logging::Level::kWarn;
      logging::write(level, "skip snapshotter", {{"name", kind.name}, {"reason", driver.error().message()}});
      part.skipped = driver.error().message();
      snapshotters.parts.push_back(std::move(part));
      continue;
    }
    auto snapshotter = TRY(Snapshotter::open(database, std::move(driver).value(), flusher));
    if (snapshotter->maps_ids()) part.capabilities = {"remap-ids", "only-remap-ids"};
    snapshotters.owned.push_back(std::move(snapshotter));
    snapshotters.parts.push_back(std::move(part));
  }
  return snapshotters;
}

}  // namespace hull::supervisor
