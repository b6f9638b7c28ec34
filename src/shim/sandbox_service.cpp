#include "shim/sandbox_service.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>

#include "base/sys.h"
#include "shim/arguments.h"
#include "shim/proto_time.h"

namespace hull::shim {
namespace {

constexpr const char* kService = "containerd.runtime.sandbox.v1.Sandbox";
constexpr size_t kMaxWaiting = 1024;

/// Go's names for the machine that we were built for.
constexpr const char* kArchitecture =
#if defined(__x86_64__)
    "amd64";
#elif defined(__aarch64__)
    "arm64";
#elif defined(__riscv)
    "riscv64";
#elif defined(__powerpc64__)
    "ppc64le";
#elif defined(__s390x__)
    "s390x";
#else
    "unknown";
#endif

/// Errors: kInvalidArgument: it is no namespace's file.
Result<UniqueFd> open_namespace(const std::string& path) {
  auto file = TRY(sys::open(path, O_RDONLY).context("netns_path"));
  struct statfs found {};
  if (::fstatfs(file.get(), &found) != 0) return Error::from_errno(errno, "netns_path " + path);
  if (found.f_type != NSFS_MAGIC) return invalid_argument("netns_path " + path + ": not a namespace");
  return file;
}

sandbox_api::WaitSandboxResponse exit_of(Timestamp stopped) {
  sandbox_api::WaitSandboxResponse response;
  to_proto(stopped, *response.mutable_exited_at());
  return response;
}

}  // namespace

void SandboxService::register_with(ttrpc::Server& server) {
  const auto add = [&]<class In, class Out>(const char* name, Result<Out> (SandboxService::*method)(const In&)) {
    ttrpc::serve<In, Out>(server, kService, name, [this, method](const In& request, const Reply<Out>& reply) {
      reply((this->*method)(request));
    });
  };
  add("CreateSandbox", &SandboxService::create);
  add("StartSandbox", &SandboxService::start);
  add("Platform", &SandboxService::platform);
  add("StopSandbox", &SandboxService::stop);
  add("SandboxStatus", &SandboxService::status);
  add("PingSandbox", &SandboxService::ping);
  add("SandboxMetrics", &SandboxService::metrics);
  ttrpc::serve<sandbox_api::WaitSandboxRequest, sandbox_api::WaitSandboxResponse>(
      server, kService, "WaitSandbox", [this](const auto& request, auto reply) { wait(request, std::move(reply)); });
  ttrpc::serve<sandbox_api::ShutdownSandboxRequest, sandbox_api::ShutdownSandboxResponse>(
      server, kService, "ShutdownSandbox", [this](const auto& request, auto reply) { shut_down(request, reply); });
}

Result<SandboxService::Sandbox*> SandboxService::find(const std::string& id) {
  if (!sandbox_ || sandbox_->id != id) return not_found("sandbox " + id);
  return &*sandbox_;
}

Result<sandbox_api::CreateSandboxResponse> SandboxService::create(const sandbox_api::CreateSandboxRequest& request) {
  TRY(check_identifier("sandbox_id", request.sandbox_id()));
  if (sandbox_) return already_exists("sandbox " + sandbox_->id);
  if (request.rootfs_size() > 0) return unimplemented("rootfs: a sandbox of this shim has no file system");
  Sandbox sandbox;
  sandbox.id = request.sandbox_id();
  sandbox.created = now();
  if (!request.netns_path().empty()) sandbox.network = TRY(open_namespace(request.netns_path()));
  sandbox_ = std::move(sandbox);
  return sandbox_api::CreateSandboxResponse();
}

Result<sandbox_api::StartSandboxResponse> SandboxService::start(const sandbox_api::StartSandboxRequest& request) {
  Sandbox& sandbox = *TRY(find(request.sandbox_id()));
  if (sandbox.stopped) return failed_precondition("sandbox " + sandbox.id + " has been stopped");
  if (sandbox.started) return failed_precondition("sandbox " + sandbox.id + " is started already");
  sandbox.started = now();
  sandbox_api::StartSandboxResponse response;
  response.set_pid(static_cast<uint32_t>(::getpid()));
  to_proto(sandbox.created, *response.mutable_created_at());
  return response;
}

Result<sandbox_api::PlatformResponse> SandboxService::platform(const sandbox_api::PlatformRequest& request) {
  TRY(find(request.sandbox_id()));
  sandbox_api::PlatformResponse response;
  response.mutable_platform()->set_os("linux");
  response.mutable_platform()->set_architecture(kArchitecture);
  return response;
}

void SandboxService::end(Sandbox& sandbox) {
  if (sandbox.stopped) return;
  sandbox.stopped = now();
  sandbox.network.reset();
  for (const auto& reply : std::exchange(sandbox.waiting, {})) reply(exit_of(*sandbox.stopped));
}

Result<sandbox_api::StopSandboxResponse> SandboxService::stop(const sandbox_api::StopSandboxRequest& request) {
  Sandbox& sandbox = *TRY(find(request.sandbox_id()));
  containers_.end_all();
  end(sandbox);
  return sandbox_api::StopSandboxResponse();
}

void SandboxService::wait(const sandbox_api::WaitSandboxRequest& request,
                          Reply<sandbox_api::WaitSandboxResponse> reply) {
  const auto sandbox = find(request.sandbox_id());
  if (!sandbox.ok()) return reply(sandbox.error());
  if ((*sandbox)->stopped) return reply(exit_of(*(*sandbox)->stopped));
  auto& waiting = (*sandbox)->waiting;
  // Callers that gave up leave room for others.
  if (waiting.size() >= kMaxWaiting) std::erase_if(waiting, [](const auto& other) { return !other.awaited(); });
  if (waiting.size() >= kMaxWaiting)
    return reply(Error(Code::kResourceExhausted, "more than 1024 calls wait for the sandbox"));
  waiting.push_back(std::move(reply));
}

Result<sandbox_api::SandboxStatusResponse> SandboxService::status(const sandbox_api::SandboxStatusRequest& request) {
  const Sandbox& sandbox = *TRY(find(request.sandbox_id()));
  sandbox_api::SandboxStatusResponse response;
  response.set_sandbox_id(sandbox.id);
  response.set_pid(static_cast<uint32_t>(::getpid()));
  response.set_state(sandbox.stopped ? "SANDBOX_NOTREADY" : sandbox.started ? "SANDBOX_READY" : "SANDBOX_CREATED");
  to_proto(sandbox.created, *response.mutable_created_at());
  if (sandbox.stopped) to_proto(*sandbox.stopped, *response.mutable_exited_at());
  if (request.verbose()) (*response.mutable_info())["containers"] = containers_.idle() ? "none" : "some";
  return response;
}

Result<sandbox_api::PingResponse> SandboxService::ping(const sandbox_api::PingRequest& request) {
  TRY(find(request.sandbox_id()));
  return sandbox_api::PingResponse();
}

void SandboxService::shut_down(const sandbox_api::ShutdownSandboxRequest& request,
                               const Reply<sandbox_api::ShutdownSandboxResponse>& reply) {
  const auto sandbox = find(request.sandbox_id());
  if (!sandbox.ok()) return reply(sandbox.error());
  if (!containers_.idle())
    return reply(failed_precondition("sandbox " + request.sandbox_id() + " still has containers"));
  end(**sandbox);
  sandbox_.reset();
  reply(sandbox_api::ShutdownSandboxResponse());
  on_shutdown_();
}

Result<sandbox_api::SandboxMetricsResponse> SandboxService::metrics(const sandbox_api::SandboxMetricsRequest& request) {
  TRY(find(request.sandbox_id()));
  return unimplemented("a sandbox of this shim has no cgroup of its own");
}

}  // namespace hull::shim
