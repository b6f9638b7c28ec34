#include "engine/containers/rootfs_store.h"

namespace hull::engine {
namespace {

constexpr const char* kEngineLabel = "hull.engine";

class SnapshotRootfs final : public RootfsStore {
 public:
  SnapshotRootfs(containerd::Snapshots snapshots, std::string engine)
      : snapshots_(std::move(snapshots)), engine_(std::move(engine)) {}

  Result<std::vector<containerd::Mount>> prepare(const Call& call, const std::string& id,
                                                 const std::string& chain) override {
    // The root label keeps it from garbage collection: no container record refers to it until the first start.
    return snapshots_.prepare(call, id, chain, {{"containerd.io/gc.root", "hull"}, {kEngineLabel, engine_}});
  }
  Result<std::vector<std::string>> list(const Call& call) override {
    std::vector<std::string> ids;
    for (const auto& snapshot : TRY(snapshots_.list(call))) {
      const auto label = snapshot.labels.find(kEngineLabel);
      if (snapshot.kind == containerd::SnapshotKind::kActive && label != snapshot.labels.end() &&
          label->second == engine_)
        ids.push_back(snapshot.name);
    }
    return ids;
  }
  Result<void> remove(const Call& call, const std::string& id) override {
    auto removed = snapshots_.remove(call, id);
    if (removed.is(Code::kNotFound)) return {};
    return removed;
  }
  Result<int64_t> size(const Call& call, const std::string& id) override {
    return int64_t{TRY(snapshots_.usage(call, id)).bytes};
  }
  Result<int64_t> image_size(const Call& call, const std::string& chain) override {
    int64_t total = 0;
    for (std::string name = chain; !name.empty(); name = TRY(snapshots_.stat(call, name)).parent)
      total += TRY(snapshots_.usage(call, name)).bytes;
    return total;
  }

 private:
  const containerd::Snapshots snapshots_;
  const std::string engine_;
};

}  // namespace

std::unique_ptr<RootfsStore> snapshot_rootfs(containerd::Snapshots snapshots, std::string engine) {
  return std::make_unique<SnapshotRootfs>(std::move(snapshots), std::move(engine));
}

}  // namespace hull::engine
