#include "supervisor/gc/collector.h"

#include "base/log.h"
#include "supervisor/gc/marker.h"

namespace hull::supervisor {
namespace {

constexpr auto kSettle = std::chrono::milliseconds(100);
constexpr auto kPeriod = std::chrono::minutes(10);
constexpr auto kIngestAge = std::chrono::hours(24);

struct Named {
  std::string ns;
  std::string id;
};

Result<int64_t> drop_expired_leases(Session& session) {
  std::vector<Named> expired;
  auto query = TRY(session.prepare("SELECT ns, id, labels FROM lease WHERE labels LIKE '%gc.expire%'"));
  while (TRY(query.step()))
    if (has_expired(TRY(decode_labels(query.text(2))))) expired.push_back({query.text(0), query.text(1)});
  for (const auto& [ns, id] : expired)
    TRY(TRY(session.prepare("DELETE FROM lease WHERE ns=?1 AND id=?2")).bind(ns).bind(id).run());
  return static_cast<int64_t>(expired.size());
}

/// Images go only when they have expired and nothing refers to them.
Result<int64_t> sweep_images(Session& session, const Marker& marker) {
  std::vector<Named> dead;
  auto query = TRY(session.prepare("SELECT ns, name FROM image WHERE labels LIKE '%gc.expire%'"));
  while (TRY(query.step()))
    if (!marker.is_marked({Node::Kind::kImage, query.text(0), query.text(1)}))
      dead.push_back({query.text(0), query.text(1)});
  for (const auto& [ns, name] : dead)
    TRY(TRY(session.prepare("DELETE FROM image WHERE ns=?1 AND name=?2")).bind(ns).bind(name).run());
  return static_cast<int64_t>(dead.size());
}

Result<int64_t> sweep_content(Session& session, const Marker& marker) {
  std::vector<Named> dead;
  auto query = TRY(session.prepare("SELECT ns, digest FROM content"));
  while (TRY(query.step()))
    if (!marker.is_marked({Node::Kind::kContent, query.text(0), query.text(1)}))
      dead.push_back({query.text(0), query.text(1)});
  for (const auto& [ns, digest] : dead)
    TRY(TRY(session.prepare("DELETE FROM content WHERE ns=?1 AND digest=?2")).bind(ns).bind(digest).run());
  return static_cast<int64_t>(dead.size());
}

Result<int64_t> sweep_snapshots(Session& session, const Marker& marker) {
  struct Key {
    std::string ns;
    std::string snapshotter;
    std::string key;
  };
  std::vector<Key> dead;
  auto query = TRY(session.prepare("SELECT ns, snapshotter, key FROM snapshot"));
  while (TRY(query.step())) {
    Key key{query.text(0), query.text(1), query.text(2)};
    if (!marker.is_marked({Node::Kind::kSnapshot, key.ns, key.snapshotter + "/" + key.key}))
      dead.push_back(std::move(key));
  }
  // A kept snapshot keeps its parents, so that no child of a dead one stays.
  for (const auto& [ns, snapshotter, key] : dead) {
    auto remove = TRY(session.prepare("DELETE FROM snapshot WHERE ns=?1 AND snapshotter=?2 AND key=?3"));
    TRY(remove.bind(ns).bind(snapshotter).bind(key).run());
  }
  return static_cast<int64_t>(dead.size());
}

}  // namespace

Result<void> Collector::start() {
  thread_ = TRY(Thread::start("collector", [this] { loop(); }));
  return {};
}

void Collector::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Collector::schedule() {
  {
    std::lock_guard lock(mutex_);
    wanted_ = true;
  }
  wake_.notify_all();
}

void Collector::loop() {
  std::unique_lock lock(mutex_);
  bool again = true;  // a killed daemon may have left some
  while (!stopping_) {
    wake_.wait_for(lock, again ? kSpared : kPeriod, [&] { return wanted_ || stopping_; });
    again = std::exchange(wanted_, false);  // what was spared is looked at once more
    // Deletions come in bursts.
    wake_.wait_for(lock, kSettle, [&] { return stopping_; });
    if (stopping_) return;
    lock.unlock();
    auto collected = collect(now() - kSpared);
    if (!collected.ok()) logging::error("collect garbage", {{"error", collected.error().message()}});
    lock.lock();
  }
}

Result<Collected> Collector::collect(Timestamp spared) {
  std::lock_guard lock(running_);
  Collected collected;
  TRY(database_.write([&](Session& session) -> Result<void> {
    collected.leases = TRY(drop_expired_leases(session));
    Marker marker(session, spared);
    TRY(marker.mark());
    collected.images = TRY(sweep_images(session, marker));
    collected.contents = TRY(sweep_content(session, marker));
    collected.snapshots = TRY(sweep_snapshots(session, marker));
    return {};
  }));
  TRY(sweep_files());
  logging::debug("collected garbage", {{"contents", collected.contents}, {"snapshots", collected.snapshots}});
  return collected;
}

Result<void> Collector::sweep_files() {
  TRY(content_.expire_ingests(kIngestAge));
  TRY(content_.remove_unreferenced());
  for (Snapshotter* snapshotter : snapshotters_) TRY(snapshotter->cleanup());
  return {};
}

}  // namespace hull::supervisor
