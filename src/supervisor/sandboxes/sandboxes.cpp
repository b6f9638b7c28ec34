#include "supervisor/sandboxes/sandboxes.h"

#include <google/protobuf/empty.pb.h>

#include <future>

#include "base/files.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "base/time.h"
#include "linux/processes.h"
#include "supervisor/tasks/runtime_path.h"

namespace hull::supervisor {
namespace {

constexpr const char* kOwner = "io.containerd.sandbox.controller.v1.shim";
constexpr const char* kBinaryFile = "shim-binary-path";
constexpr const char* kBootstrapFile = "bootstrap.json";
constexpr std::chrono::seconds kLoadTime(5);
constexpr std::chrono::seconds kGoodbyeTime(5);
constexpr std::chrono::seconds kCleanUpTime(30);

template <class Request>
Request request_for(const SandboxShim& sandbox) {
  Request request;
  request.set_sandbox_id(sandbox.bundle().id);
  return request;
}

}  // namespace

Sandboxes::Sandboxes(Config config, EventLoop& loop, OnExit on_exit)
    : places_{std::move(config.state), std::move(config.root), kOwner},
      shims_(std::move(config.shims)),
      loop_(loop),
      on_exit_(std::move(on_exit)) {}

Sandboxes::~Sandboxes() {
  stop_.request_stop();
  const auto all = sandboxes_.with([](auto& sandboxes) { return std::exchange(sandboxes, {}); });
  for (const auto& [key, sandbox] : all)
    if (sandbox) sandbox->shim().close();
  // No callback that knows us is under way on the loop's thread after this.
  std::promise<void> passed;
  loop_.post([&] { passed.set_value(); });
  passed.get_future().wait();
}

Result<std::shared_ptr<SandboxShim>> Sandboxes::find(const std::string& ns, const std::string& id) const {
  auto sandbox = sandboxes_.with([&](const auto& sandboxes) -> std::shared_ptr<SandboxShim> {
    const auto found = sandboxes.find(Key{ns, id});
    return found == sandboxes.end() ? nullptr : found->second;
  });
  if (!sandbox) return not_found("sandbox \"" + id + "\"");
  return sandbox;
}

Result<void> Sandboxes::create(const Call& call, NewSandbox made) {
  const Key key{made.ns, made.id};
  if (!sandboxes_.with([&](auto& sandboxes) { return sandboxes.try_emplace(key).second; }))
    return already_exists("sandbox " + made.id + " already running");
  const auto create_reserved = [&]() -> Result<void> {
    const std::string binary = TRY(find_shim(made.runtime).context("resolve runtime path"));
    auto bundle = TRY(create_bundle(places_, made.ns, made.id, made.spec).context("create bundle"));
    const auto sandbox = std::make_shared<SandboxShim>(std::move(bundle), binary);
    if (auto launched = launch(call, sandbox, made); !launched.ok()) return end(*sandbox), launched;
    sandboxes_.with([&](auto& sandboxes) { sandboxes[key] = sandbox; });
    if (!sandbox->shim().connected()) died(sandbox);  // just before it was there to be found
    return {};
  };
  auto created = create_reserved();
  if (!created.ok()) sandboxes_.with([&](auto& sandboxes) { sandboxes.erase(key); });
  return created;
}

Result<void> Sandboxes::launch(const Call& call, const std::shared_ptr<SandboxShim>& sandbox, NewSandbox& made) {
  Shim& shim = sandbox->shim();
  const auto start = [&]() -> Result<void> {
    // What a restarted supervisor needs should the shim be dead by then.
    TRY(replace_file(shim.bundle.file(kBinaryFile), shim.binary, 0600, Durable::kNo));
    TRY(shim.open_log(loop_));
    const auto address = TRY(start_shim(call, shim.binary, shim.bundle, shims_, made.options));
    TRY(replace_file(shim.bundle.file(kBootstrapFile), format_shim_address(address), 0600, Durable::kNo));
    return connect(sandbox, address);
  };
  TRY(start().context("start new shim for sandbox " + made.id));
  made.request.set_sandbox_id(made.id);
  made.request.set_bundle_path(shim.bundle.path);
  TRY(sandbox->call<sandbox_shim_api::CreateSandboxResponse>(call, "CreateSandbox", made.request)
          .context("create sandbox " + made.id));
  return {};
}

Result<void> Sandboxes::connect(const std::shared_ptr<SandboxShim>& sandbox, const ShimAddress& address) {
  return sandbox->shim().connect(loop_, address, [this, weak = std::weak_ptr(sandbox)] {
    // A pool's thread: the loop serves every other shim meanwhile.
    if (auto dead = weak.lock()) cleaners_.submit([this, dead = std::move(dead)] { died(dead); });
  });
}

Result<sandbox_shim_api::StartSandboxResponse> Sandboxes::start(const Call& call, const std::string& ns,
                                                                const std::string& id) {
  const auto sandbox = TRY(find(ns, id));
  auto started = sandbox->call<sandbox_shim_api::StartSandboxResponse>(
      call, "StartSandbox", request_for<sandbox_shim_api::StartSandboxRequest>(*sandbox));
  if (started.ok()) {
    watch_end(sandbox);
    return started;
  }
  // One that can't start is of no use; one that runs is none of a second start's business.
  if (!started.is(Code::kFailedPrecondition) && sandbox->shim().begin_removal()) {
    end(*sandbox);
    forget(*sandbox);
    sandbox->shim().removed({});
  }
  return std::move(started).context("start sandbox " + id);
}

/// Asks once for the sandbox's end, whoever else may wait.
void Sandboxes::watch_end(const std::shared_ptr<SandboxShim>& sandbox) {
  sandbox->start<sandbox_shim_api::WaitSandboxResponse>(
      "WaitSandbox", request_for<sandbox_shim_api::WaitSandboxRequest>(*sandbox),
      [this, weak = std::weak_ptr(sandbox)](const Result<sandbox_shim_api::WaitSandboxResponse>& exit) {
        const auto ended = weak.lock();
        if (ended && exit.ok() && ended->first_to_announce()) on_exit_(ended->bundle().ns, ended->bundle().id, *exit);
      });
}

Result<void> Sandboxes::shutdown(const Call& call, const std::string& ns, const std::string& id) {
  const auto sandbox = TRY(find(ns, id));
  auto ended = sandbox->call<sandbox_shim_api::ShutdownSandboxResponse>(
      call, "ShutdownSandbox", request_for<sandbox_shim_api::ShutdownSandboxRequest>(*sandbox));
  if (!ended.ok() && !ended.is(Code::kUnavailable)) return std::move(ended).error().context("shutdown sandbox");
  // Its end may have been seen first: whoever deals with that tells when nothing is left.
  if (!sandbox->shim().begin_removal()) {
    TRY(sandbox->shim().await_removal(call));
    return {};
  }
  end(*sandbox);
  forget(*sandbox);
  sandbox->shim().removed({});
  return {};
}

void Sandboxes::forget(const SandboxShim& sandbox) {
  sandboxes_.with([&](auto& sandboxes) {
    const auto found = sandboxes.find(Key{sandbox.bundle().ns, sandbox.bundle().id});
    if (found != sandboxes.end() && found->second.get() == &sandbox) sandboxes.erase(found);
  });
}

void Sandboxes::died(const std::shared_ptr<SandboxShim>& sandbox) {
  const auto known = find(sandbox->bundle().ns, sandbox->bundle().id);
  // One that is still being made is its create()'s to end.
  if (!known.ok() || *known != sandbox || !sandbox->shim().begin_removal()) return;
  logging::warn("sandbox's shim disconnected", {{"id", sandbox->bundle().id}, {"namespace", sandbox->bundle().ns}});
  end(*sandbox);
  forget(*sandbox);
  sandbox->shim().removed({});
  if (!sandbox->first_to_announce()) return;
  sandbox_shim_api::WaitSandboxResponse unknown;
  unknown.set_exit_status(255);
  const auto since = now().time_since_epoch();
  unknown.mutable_exited_at()->set_seconds(std::chrono::duration_cast<std::chrono::seconds>(since).count());
  unknown.mutable_exited_at()->set_nanos(static_cast<int32_t>((since % std::chrono::seconds(1)).count()));
  on_exit_(sandbox->bundle().ns, sandbox->bundle().id, unknown);
}

void Sandboxes::end(SandboxShim& sandbox) {
  Shim& shim = sandbox.shim();
  const auto limits = Call::within(kGoodbyeTime, stop_.get_token());
  bool gone = false;
  if (shim.connected()) {
    (void)sandbox
        .call<sandbox_shim_api::ShutdownSandboxResponse>(limits, "ShutdownSandbox",
                                                         request_for<sandbox_shim_api::ShutdownSandboxRequest>(sandbox))
        .ok();
    // Stock shims end with their task service only.
    task_api::ShutdownRequest request;
    request.set_id(shim.bundle.id);
    (void)shim.call<google::protobuf::Empty>(limits, "Shutdown", request).ok();
    gone = shim.await_end(limits);
  }
  shim.close();
  if (!gone) clean_up_after(sandbox);
  if (!shim.socket().empty()) (void)sys::unlink(shim.socket()).ok();
  if (auto removed = remove_bundle(shim.bundle); !removed.ok())
    logging::warn("remove bundle", {{"id", shim.bundle.id}, {"error", removed.error().message()}});
}

void Sandboxes::clean_up_after(SandboxShim& sandbox) {
  const Bundle& bundle = sandbox.bundle();
  if (auto killed = linux::kill_processes_in(bundle.path, bundle.id, kCleanUpTime); !killed.ok())
    logging::warn("end the sandbox's processes", {{"id", bundle.id}, {"error", killed.error().message()}});
  const auto deleted =
      delete_after_shim(Call::within(kCleanUpTime, stop_.get_token()), sandbox.shim().binary, bundle, shims_);
  if (!deleted.ok()) logging::warn("clean up after shim", {{"id", bundle.id}, {"error", deleted.error().message()}});
}

Result<void> Sandboxes::restore() {
  for (const Bundle& bundle : TRY(list_bundles(places_)))
    if (auto adopted = adopt(bundle); !adopted.ok())
      logging::warn("restore sandbox",
                    {{"id", bundle.id}, {"namespace", bundle.ns}, {"error", adopted.error().message()}});
  return {};
}

Result<void> Sandboxes::adopt(const Bundle& bundle) {
  const auto address = read_file(bundle.file(kBootstrapFile), 4_KiB);
  const std::string binary(trim(read_file(bundle.file(kBinaryFile), 4_KiB).value_or("")));
  const auto sandbox = std::make_shared<SandboxShim>(bundle, binary);
  const auto reach = [&]() -> Result<std::string> {
    if (!address.ok()) return address.error();
    TRY(sandbox->shim().open_log(loop_));
    TRY(connect(sandbox, TRY(parse_shim_address(*address))));
    return TRY(sandbox->call<sandbox_shim_api::SandboxStatusResponse>(
                   Call::within(kLoadTime), "SandboxStatus",
                   request_for<sandbox_shim_api::SandboxStatusRequest>(*sandbox)))
        .state();
  };
  const auto state = reach();
  // It is we who have no descriptor or no memory: what runs there goes on, unseen until the next start.
  if (state.is(Code::kResourceExhausted)) return state.error();
  if (state.ok() || (sandbox->shim().connected() && !state.is(Code::kNotFound))) {
    sandboxes_.with([&](auto& sandboxes) { sandboxes[Key{bundle.ns, bundle.id}] = sandbox; });
    if (!sandbox->shim().connected()) died(sandbox);
    if (state.ok() && *state != "SANDBOX_CREATED") watch_end(sandbox);
    return {};
  }
  // The shim is gone, or was killed before its sandbox was made.
  (void)sandbox->shim().begin_removal();
  if (binary.empty()) return remove_bundle(bundle);
  end(*sandbox);
  return {};
}

}  // namespace hull::supervisor
