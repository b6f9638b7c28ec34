#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "base/daemon/thread.h"
#include "supervisor/metadata/content.h"
#include "supervisor/snapshots/snapshotter.h"

namespace hull::supervisor {

struct Collected {
  int64_t contents = 0;
  int64_t snapshots = 0;
  int64_t images = 0;  ///< that had expired
  int64_t leases = 0;  ///< that had expired
};

/// Deletes the content and snapshots that nothing refers to. Roots are images (but for those that have expired, which
/// go if nothing refers to them), containers, what leases hold, and whatever has the label containerd.io/gc.root, or
/// gc.expire with a time to come. From there, references go to an image's target, a container's snapshot, a snapshot's
/// parent, by the labels containerd.io/gc.ref.content[.*], gc.ref.image[.*] and gc.ref.snapshot.<snapshotter>[/*], and
/// backwards by gc.bref.{content,image,container}[.*] and gc.bref.snapshot.<snapshotter>[/*] of what is kept with those
/// that it names. Marking and deleting of records are one transaction, so that no reference can come between; bytes and
/// directories go after it, beside everything else.
/// Source: containerd docs/garbage-collection.md.
class Collector {
 public:
  Collector(Database& database, ContentStore& content, std::vector<Snapshotter*> snapshotters)
      : database_(database), content_(content), snapshotters_(std::move(snapshotters)) {}
  ~Collector() { stop(); }

  /// Starts the thread that collects soon after schedule(), and now and then by itself.
  /// Errors: kResourceExhausted.
  Result<void> start();
  void stop();
  /// Asks for a collection of what is older than kSpared; requests that come close together are one.
  void schedule();
  /// Collects everything now and waits for it.
  Result<Collected> run() { return collect(now()); }

  /// Clients that work without a lease, as ctr does here and there, would else lose what they are just making to
  /// somebody else's deletion. containerd lets a hundred changes pass instead.
  static constexpr std::chrono::seconds kSpared{60};

 private:
  void loop();
  /// spared: what was made since then stays.
  Result<Collected> collect(Timestamp spared);
  Result<void> sweep_files();

  Database& database_;
  ContentStore& content_;
  const std::vector<Snapshotter*> snapshotters_;
  std::mutex running_;  // one collection at a time

  std::mutex mutex_;
  std::condition_variable wake_;
  bool wanted_ = false;
  bool stopping_ = false;
  Thread thread_;
};

}  // namespace hull::supervisor
