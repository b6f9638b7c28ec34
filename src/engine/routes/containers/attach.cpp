#include "engine/logs/reader.h"
#include "engine/routes/containers/container_routes.h"
#include "engine/routes/containers/log_stream.h"
#include "engine/routes/containers/stream_type.h"
#include "engine/stdio/detach_keys.h"
#include "engine/stdio/session.h"

namespace hull::engine::routes {
namespace {

struct AttachOptions {
  bool in = false;
  bool out = false;
  bool err = false;
  bool stream = false;
  bool logs = false;
  std::string detach_keys;
};

Result<AttachOptions> read_options(Call& call, const ContainerRecord& record) {
  AttachOptions options;
  options.in = call.query_bool("stdin") && record.config.open_stdin;
  options.out = call.query_bool("stdout");
  options.err = call.query_bool("stderr") && !record.config.tty;
  options.stream = call.query_bool("stream");
  options.logs = call.query_bool("logs");
  const auto keys = call.query("detachKeys");
  if (record.config.tty)
    options.detach_keys =
        keys && !keys->empty() ? TRY(stdio::parse_detach_keys(*keys)) : std::string(stdio::kDefaultDetachKeys);
  return options;
}

Result<void> check_attachable(const ContainerRecord& record) {
  if (record.state.phase == Phase::kPaused)
    return conflict("container " + record.id + " is paused, unpause the container before attach");
  if (record.state.phase == Phase::kRestarting)
    return conflict("container " + record.id + " is restarting, wait until the container is running");
  return {};
}

/// Gathers old output for a client before it gets the new.
class Backlog final : public logs::Consumer {
 public:
  explicit Backlog(stdio::ClientQueue& queue) : queue_(queue) {}
  Result<void> take(const logs::Entry& entry) override {
    (void)queue_.push(entry.stream, entry.text);
    return {};
  }
  Result<void> flush() override { return {}; }

 private:
  stdio::ClientQueue& queue_;
};

}  // namespace

Result<void> attach_container(Containers& containers, Call& call) {
  const auto container = TRY(containers.find(call.path("id")));
  const RecordPtr record = container->record();
  TRY(check_attachable(*record));
  const auto options = TRY(read_options(call, *record));
  const bool tty = record->config.tty;
  const auto queue = TRY(stdio::ClientQueue::create(tty ? stdio::Framing::kRaw : stdio::Framing::kFrames,
                                                    {.out = options.out, .err = options.err}));
  if (options.logs) {
    Backlog backlog(*queue);
    TRY(logs::read_log(containers.registry().log_path(container->id()), {}, nullptr, {call.http().stop_token()},
                       backlog));
  }
  if (options.stream) container->hub().add(queue);
  if (!options.stream) queue->end();
  auto connection = call.http().hijack(stream_type(call, tty));
  if (!connection.ok()) {
    container->hub().remove(queue);
    return connection.error();
  }
  containers.registry().announce(*record, "attach");
  stdio::SessionOptions session{.input = options.in && options.stream, .detach_keys = options.detach_keys};
  // A terminal outlives who sits at it: its next user types on.
  if (record->config.stdin_once && !tty)
    session.input_ended = [&] {
      containers.lifecycle().close_input(hull::Call::within(std::chrono::minutes(1)), *container);
    };
  const auto end =
      stdio::serve(std::move(connection).value(), container->shared_hub(), queue, session, call.http().stop_token());
  if (end == stdio::SessionEnd::kDetached) containers.registry().announce(*container->record(), "detach");
  return {};
}

}  // namespace hull::engine::routes
