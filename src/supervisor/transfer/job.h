#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/call.h"
#include "supervisor/diff/differ.h"
#include "supervisor/leases/leases.h"
#include "supervisor/metadata/content.h"
#include "supervisor/metadata/images.h"
#include "supervisor/snapshots/snapshotter.h"

namespace hull::supervisor {

/// Where transfers put things.
struct TransferStores {
  ContentStore& content;
  ImageStore& images;
  LeaseStore& leases;
  Differ& differ;
  std::vector<Snapshotter*> snapshotters;
};

/// What a client is shown. Source: containerd.types.transfer.Progress.
struct TransferProgress {
  std::string event;  ///< "Importing", "downloading", "saved" …
  std::string name = "";
  std::vector<std::string> parents = {};
  int64_t progress = 0;
  int64_t total = 0;
  std::optional<image::Descriptor> descriptor = {};
};
/// Calls come from any thread, one at a time for each transfer or not.
using ReportProgress = std::function<void(const TransferProgress&)>;

/// One transfer. Call::stop ends it.
struct TransferJob {
  const Call& call;
  TransferStores& stores;
  Scope scope;
  ReportProgress report;
};

/// Keeps what a transfer makes until it ends; the client's own lease, where it has one, goes on.
class TransferLease {
 public:
  static Result<TransferLease> take(LeaseStore& leases, Scope& scope);
  TransferLease(TransferLease&& other) noexcept
      : leases_(std::exchange(other.leases_, nullptr)), scope_(std::move(other.scope_)) {}
  TransferLease& operator=(TransferLease&&) = delete;
  ~TransferLease();

 private:
  TransferLease(LeaseStore* leases, Scope scope) : leases_(leases), scope_(std::move(scope)) {}
  LeaseStore* leases_;  // null where there is nothing to end
  Scope scope_;
};

}  // namespace hull::supervisor
