#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/call.h"
#include "supervisor/tasks/shim.h"

namespace hull::supervisor {

/// Asks all shims at once. One answer a shim, in their order; none where it failed or did not come within the limits.
/// request_for: makes the request from the shim's container id.
template <class Out, class RequestFor>
std::vector<std::optional<Out>> ask_all(const Call& call, const std::vector<std::shared_ptr<Shim>>& shims,
                                        const char* method, const RequestFor& request_for) {
  struct Collected {
    std::mutex mutex;
    std::condition_variable_any wake;
    size_t missing = 0;
    std::vector<std::optional<Out>> answers;
  };
  const auto collected = std::make_shared<Collected>();
  collected->missing = shims.size();
  collected->answers.resize(shims.size());
  std::vector<uint32_t> calls;
  for (size_t i = 0; i < shims.size(); ++i)
    calls.push_back(
        shims[i]->template start<Out>(method, request_for(shims[i]->bundle.id), [collected, i](Result<Out> answer) {
          std::lock_guard lock(collected->mutex);
          if (answer.ok()) collected->answers[i] = std::move(*answer);
          --collected->missing;
          collected->wake.notify_all();
        }));
  std::unique_lock lock(collected->mutex);
  collected->wake.wait_until(lock, call.stop, call.deadline, [&] { return collected->missing == 0; });
  auto answers = collected->answers;
  lock.unlock();
  // A shim that hangs must not keep what nobody waits for any more.
  for (size_t i = 0; i < shims.size(); ++i)
    if (!answers[i]) shims[i]->cancel(calls[i]);
  return answers;
}

}  // namespace hull::supervisor
