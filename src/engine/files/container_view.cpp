#include "engine/files/container_view.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <functional>

#include "base/files.h"
#include "base/sys.h"
#include "engine/files/mount_tree.h"

namespace hull::engine {
namespace {

constexpr std::chrono::seconds kEndPatience{10};

/// The container's mount namespace, surely its own: a process number may go to another process, but not while the
/// supervisor says that the one it was given to is still there.
Result<UniqueFd> open_namespace(const Call& call, const Registry& registry, const ContainerRecord& record) {
  const UniqueFd process = TRY(sys::open("/proc/" + std::to_string(record.state.pid), O_PATH | O_DIRECTORY));
  UniqueFd mounts = TRY(sys::openat(process, "ns/mnt", O_RDONLY));
  const auto task = TRY(registry.services().tasks.get(call, {record.id, ""}));
  const bool runs = task.status == containerd::TaskStatus::kRunning || task.status == containerd::TaskStatus::kPaused;
  if (!runs || task.pid != record.state.pid) return not_found("the process of container " + record.id + " has ended");
  return mounts;
}

struct Held {
  std::optional<Container::Turn> turn;  ///< where it does not run
  UniqueFd mount_namespace;             ///< where it does
  RecordPtr record;
};

/// Finds out whether it runs, and keeps it so for as long as it takes.
Result<Held> hold(const Call& call, const Registry& registry, Container& container) {
  for (;;) {
    Held held{.turn = {}, .mount_namespace = {}, .record = container.record()};
    if (!is_live(held.record->state.phase)) {
      held.turn.emplace(TRY(container.take_turn(call)));
      held.record = container.record();
      const Phase phase = held.record->state.phase;
      if (phase == Phase::kRemoving || phase == Phase::kDead)
        return conflict("container " + container.id() + " is marked for removal");
      if (!is_live(phase)) return held;
      held.turn.reset();
    }
    auto opened = open_namespace(call, registry, *held.record);
    if (opened.ok()) {
      held.mount_namespace = std::move(opened).value();
      return held;
    }
    if (!opened.is(Code::kNotFound)) return std::move(opened).error();
    // Its end is on the way to us.
    const int64_t pid = held.record->state.pid;
    Call patience = Call::within(kEndPatience, call.stop);
    patience.deadline = std::min(patience.deadline, call.deadline);
    TRY(container.wait(patience, [&](const ContainerRecord& now, const Container::Moment& moment) {
      return moment.removed || now.state.pid != pid;
    }));
  }
}

size_t depth(const std::string& path) { return static_cast<size_t>(std::count(path.begin(), path.end(), '/')); }

}  // namespace

struct ContainerView::Parts {
  linux::DetachedMount tree{UniqueFd()};
  RootDir root{UniqueFd()};
  std::vector<std::function<void()>> release;  ///< volumes that were mounted for this
  std::optional<Container::Turn> turn;
  ~Parts() {
    root = RootDir(UniqueFd());
    tree = linux::DetachedMount(UniqueFd());
    for (const auto& step : release) step();
  }
};

namespace {

using Release = std::vector<std::function<void()>>;

/// Volumes of a container that does not run may have to be mounted first.
Result<std::vector<TreePart>> parts_of(Registry& registry, const Held& held, Release& release) {
  std::vector<TreePart> parts;
  const ContainerRecord& record = *held.record;
  for (const MountPlan& plan : record.mounts) {
    if (plan.kind == MountKind::kTmpfs) continue;
    TreePart part{.source = plan.source,
                  .subpath = plan.subpath,
                  .destination = plan.destination,
                  .recursive = plan.recursive ? linux::Recursive::kYes : linux::Recursive::kNo,
                  .read_only = plan.read_only};
    VolumeSource& volumes = registry.services().volumes;
    if (plan.kind == MountKind::kVolume && held.turn) {
      part.source = TRY(volumes.mount(plan.volume, record.id));
      release.emplace_back([&volumes, volume = plan.volume, id = record.id] { volumes.unmount(volume, id); });
    }
    if (exists(part.source)) parts.push_back(std::move(part));
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto& a, const auto& b) { return depth(a.destination) < depth(b.destination); });
  for (const char* name : {"resolv.conf", "hostname", "hosts"}) {
    const std::string source = registry.directory(record.id) + "/" + name;
    if (exists(source))
      parts.push_back(
          {.source = source, .destination = std::string("/etc/") + name, .missing = TreePart::Missing::kLeaveOut});
  }
  return parts;
}

Result<uint64_t> mount_of(FdRef fd) {
  struct statx status {};
  if (::statx(fd.get(), "", AT_EMPTY_PATH, STATX_MNT_ID, &status) != 0) return Error::from_errno(errno, "find mount");
  return uint64_t{status.stx_mnt_id};
}

}  // namespace

ContainerView::ContainerView(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ContainerView::ContainerView(ContainerView&&) noexcept = default;
ContainerView::~ContainerView() = default;

Result<ContainerView> ContainerView::open(const Call& call, Registry& registry, Container& container, Mounts mounts) {
  Held held = TRY(hold(call, registry, container));
  auto made = std::make_unique<Parts>();
  std::vector<TreePart> parts;
  if (mounts == Mounts::kVolumes) parts = TRY(parts_of(registry, held, made->release));
  const TreeRootSource root{.mount_namespace = std::move(held.mount_namespace),
                            .rootfs = held.record->rootfs,
                            .read_only = held.record->host.readonly_rootfs};
  made->tree = TRY(assemble_tree(root, parts).context("mount the file system of container " + container.id()));
  made->root = RootDir(TRY(sys::dup(made->tree.root())));
  if (held.turn) made->turn.emplace(*std::move(held.turn));
  return ContainerView(std::move(made));
}

const RootDir& ContainerView::root() const { return parts_->root; }

Result<ContainerView::ReadOnly> ContainerView::read_only(FdRef directory) const {
  struct statvfs status {};
  if (::fstatvfs(directory.get(), &status) != 0) return Error::from_errno(errno, "look at the file system");
  if ((status.f_flag & ST_RDONLY) == 0) return ReadOnly::kNo;
  return TRY(mount_of(directory)) == TRY(mount_of(parts_->root.fd())) ? ReadOnly::kRoot : ReadOnly::kMount;
}

void ContainerView::end_turn() { parts_->turn.reset(); }

}  // namespace hull::engine
