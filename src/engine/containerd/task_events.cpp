#include "engine/containerd/task_events.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/daemon/thread.h"
#include "base/daemon/thread_pool.h"
#include "base/ids.h"
#include "base/log.h"
#include "engine/containerd/channel.h"
#include "engine/containerd/convert.h"
#include "ipc/proto/containerd/services/events.grpc.pb.h"
#include "ipc/proto/shim/task_events.pb.h"

namespace hull::engine::containerd {
namespace pb = ::containerd::services::events::v1;
namespace ev = ::containerd::events;
using Envelope = ::containerd::types::Envelope;

namespace {

constexpr std::chrono::milliseconds kRetry{100};
constexpr std::chrono::milliseconds kProbeInterval{50};
// A supervisor that lost this many probes does not pass on what clients publish.
constexpr int kProbes = 40;
constexpr std::string_view kProbeTopic = "/hull/subscribed";

template <class Message>
bool read(const Envelope& envelope, Message& message) {
  return message.ParseFromString(envelope.event().value());
}

TaskName name_of(const ev::TaskExit& exit) {
  return {exit.container_id(), exit.id() == exit.container_id() ? std::string() : exit.id()};
}

void deliver(const Envelope& envelope, TaskListener& listener) {
  const std::string& topic = envelope.topic();
  if (ev::TaskExit exit; topic == "/tasks/exit" && read(envelope, exit))
    listener.on_exit(name_of(exit), exit.pid(), {exit.exit_status(), time_from(exit.exited_at())});
  if (ev::TaskOOM oom; topic == "/tasks/oom" && read(envelope, oom)) listener.on_out_of_memory(oom.container_id());
  if (ev::TaskPaused paused; topic == "/tasks/paused" && read(envelope, paused))
    listener.on_paused(paused.container_id());
  if (ev::TaskResumed resumed; topic == "/tasks/resumed" && read(envelope, resumed))
    listener.on_resumed(resumed.container_id());
}

}  // namespace

/// Guarded by mutex: stopping, context, probe_seen, ended.
struct TaskEvents::State {
  State(const Connection& link, TaskListener& hears)
      : connection(link), listener(hears), stub(pb::Events::NewStub(link.channel().grpc())) {}

  const Connection connection;
  TaskListener& listener;
  const std::unique_ptr<pb::Events::Stub> stub;

  std::stop_source stop;
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  bool probe_seen = false;
  bool ended = false;
  grpc::ClientContext* context = nullptr;

  void run();
  void follow_once();
  void probe(const std::string& nonce);
  bool wait_until_seen(std::chrono::milliseconds time);
};

/// One subscription from its start to its end.
void TaskEvents::State::follow_once() {
  grpc::ClientContext stream_context;
  connection.channel().prepare(stream_context, hull::Call());
  pb::SubscribeRequest request;
  request.add_filters("namespace==" + connection.namespace_name());
  {
    std::lock_guard lock(mutex);
    if (stopping) return;
    context = &stream_context;
    probe_seen = false;
  }
  const auto reader = stub->Subscribe(&stream_context, request);
  const std::string nonce = random_hex(16);
  auto prober = Thread::start("task-events", [this, nonce] { probe(nonce); });
  // Nobody would say that we are connected: the next attempt may.
  if (!prober.ok()) stream_context.TryCancel();
  Envelope envelope;
  while (reader->Read(&envelope)) {
    if (envelope.topic() != kProbeTopic) {
      deliver(envelope, listener);
      continue;
    }
    ev::TaskOOM marker;
    if (!read(envelope, marker) || marker.container_id() != nonce) continue;
    std::lock_guard lock(mutex);
    probe_seen = true;
    changed.notify_all();
  }
  const auto status = reader->Finish();
  {
    std::lock_guard lock(mutex);
    context = nullptr;
    probe_seen = true;  // releases the prober
    changed.notify_all();
  }
  if (prober.ok()) prober->join();
  logging::debug("task events ended", {{"error", status.error_message()}});
}

bool TaskEvents::State::wait_until_seen(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex);
  return changed.wait_for(lock, time, [this] { return probe_seen || stopping; });
}

/// The stream has no word for "subscribed": publishes a mark until it comes back through it.
void TaskEvents::State::probe(const std::string& nonce) {
  pb::PublishRequest request;
  request.set_topic(std::string(kProbeTopic));
  ev::TaskOOM marker;
  marker.set_container_id(nonce);
  request.mutable_event()->set_type_url("containerd.events.TaskOOM");
  request.mutable_event()->set_value(marker.SerializeAsString());
  for (int i = 0; i < kProbes; ++i) {
    const auto sent = unary(connection.channel(), hull::Call::within(kProbeInterval * 10, stop.get_token()), *stub,
                            &pb::Events::Stub::Publish, request);
    if (wait_until_seen(kProbeInterval)) break;
    if (!sent.ok() && sent.is(Code::kUnimplemented)) break;
  }
  {
    std::lock_guard lock(mutex);
    if (stopping || !context) return;
  }
  listener.on_connected(stop.get_token());
}

void TaskEvents::State::run() {
  while (true) {
    if (connection.channel().connect(hull::Call::within(std::chrono::seconds(1))).ok()) follow_once();
    std::unique_lock lock(mutex);
    if (changed.wait_for(lock, kRetry, [this] { return stopping; })) break;
  }
  std::lock_guard lock(mutex);
  ended = true;
  changed.notify_all();
}

Result<std::unique_ptr<TaskEvents>> TaskEvents::subscribe(const Connection& connection, TaskListener& listener) {
  auto state = std::make_shared<State>(connection, listener);
  TRY(start_thread("task-events", [state] { state->run(); }));
  return std::unique_ptr<TaskEvents>(new TaskEvents(std::move(state)));
}

TaskEvents::~TaskEvents() {
  state_->stop.request_stop();
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  if (state_->context) state_->context->TryCancel();
  state_->changed.notify_all();
  state_->changed.wait(lock, [this] { return state_->ended; });
}

}  // namespace hull::engine::containerd
