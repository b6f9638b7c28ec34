#include "supervisor/services/task_call.h"

namespace hull::supervisor {
namespace {

std::chrono::steady_clock::time_point steady(std::chrono::system_clock::time_point deadline) {
  const auto left = deadline - std::chrono::system_clock::now();
  if (left > std::chrono::hours(24 * 365)) return std::chrono::steady_clock::time_point::max();  // gRPC's "never"
  return std::chrono::steady_clock::now() + left;
}

}  // namespace

grpc::ServerUnaryReactor* WorkedCall::begin(ThreadPool& pool, std::chrono::system_clock::time_point deadline,
                                            Work work) {
  auto* reactor = new WorkedCall;
  const Call limits{.stop = reactor->stop_.get_token(), .deadline = steady(deadline)};
  pool.submit([reactor, limits, work = std::move(work)] { reactor->Finish(ipc::to_status(work(limits))); });
  return reactor;
}

grpc::ServerUnaryReactor* refuse(grpc::CallbackServerContext& context, const Error& error) {
  auto* reactor = context.DefaultReactor();
  reactor->Finish(ipc::to_status(error));
  return reactor;
}

}  // namespace hull::supervisor
