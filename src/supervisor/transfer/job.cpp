#include "supervisor/transfer/job.h"

#include "base/log.h"
#include "base/time.h"

namespace hull::supervisor {

Result<TransferLease> TransferLease::take(LeaseStore& leases, Scope& scope) {
  if (!scope.lease.empty()) return TransferLease(nullptr, scope);
  // Should we be killed, it ends by itself.
  const Labels labels{{"containerd.io/gc.expire", format_rfc3339(now() + std::chrono::hours(24))}};
  scope.lease = TRY(leases.create(scope, {.id = "", .labels = labels, .created = {}})).id;
  return TransferLease(&leases, scope);
}

TransferLease::~TransferLease() {
  if (!leases_) return;
  if (auto removed = leases_->remove({scope_.ns, ""}, scope_.lease); !removed.ok())
    logging::warn("end a transfer's lease", {{"lease", scope_.lease}, {"error", removed.error().message()}});
}

}  // namespace hull::supervisor
