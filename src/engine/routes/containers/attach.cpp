#include "engine/logs/reader.h"
#include "engine/routes/containers/backlog.h"
#include "engine/routes/containers/container_routes.h"
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
  const std::string keys = call.query("detachKeys").value_or("");
  const auto parsed = stdio::parse_detach_keys(keys);
  if (!parsed.ok()) return invalid_argument("Invalid detach keys (" + keys + ") provided");
  // Without a terminal there are no keys, only bytes.
  if (record.config.tty) options.detach_keys = keys.empty() ? std::string(stdio::kDefaultDetachKeys) : *parsed;
  return options;
}

Result<void> check_attachable(const ContainerRecord& record) {
  if (record.state.phase == Phase::kPaused)
    return conflict("container " + record.id + " is paused, unpause the container before attach");
  if (record.state.phase == Phase::kRestarting)
    return conflict("container " + record.id + " is restarting, wait until the container is running");
  return {};
}

/// What the container wrote before, for a client that gets the rest, too: neither is anything lost between the two,
/// nor does it come twice.
Result<logs::LogSnapshot> add_behind_log(Container& container, const std::string& log_path,
                                         const std::shared_ptr<stdio::ClientQueue>& queue) {
  std::optional<Result<logs::LogSnapshot>> snapshot;
  container.hub().add_at_cut(queue, [&](const logs::Driver* driver) {
    snapshot.emplace(logs::LogSnapshot::take(log_path));
    if (!driver) return;
    for (const auto stream : {logs::Stream::kStdout, logs::Stream::kStderr})
      if (const auto begun = driver->unfinished(stream); !begun.empty()) (void)queue->push(stream, begun);
  });
  if (!snapshot->ok()) container.hub().remove(queue);
  return std::move(*snapshot);
}

/// The client's part in the output, old and new, from this moment on.
Result<std::optional<logs::LogSnapshot>> join(Container& container, const std::string& log_path,
                                              const AttachOptions& options,
                                              const std::shared_ptr<stdio::ClientQueue>& queue) {
  std::optional<logs::LogSnapshot> before;
  if (options.stream && options.logs) {
    before = TRY(add_behind_log(container, log_path, queue));
  } else if (options.logs) {
    before = TRY(logs::LogSnapshot::take(log_path));
  } else if (options.stream) {
    container.hub().add(queue);
  }
  if (!options.stream) queue->end();
  return before;
}

}  // namespace

Result<void> attach_container(Containers& containers, Call& call) {
  const auto container = TRY(containers.find(call.path("id")));
  const RecordPtr record = container->record();
  TRY(check_attachable(*record));
  const auto options = TRY(read_options(call, *record));
  if (options.logs && record->host.log_config.type == "none")
    return unimplemented("configured logging driver does not support reading");
  const bool tty = record->config.tty;
  const auto queue = TRY(stdio::ClientQueue::create(tty ? stdio::Framing::kRaw : stdio::Framing::kFrames,
                                                    {.out = options.out, .err = options.err}));
  const auto before = TRY(join(*container, containers.registry().log_path(*record), options, queue));
  auto connection = call.http().hijack(stream_type(call, tty));
  if (!connection.ok()) {
    container->hub().remove(queue);
    return connection.error();
  }
  containers.registry().announce(*record, "attach");
  if (before) {
    Backlog backlog(connection->fd, tty ? stdio::Framing::kRaw : stdio::Framing::kFrames,
                    {.out = options.out, .err = options.err}, call.http().stop_token());
    if (!before->read({call.http().stop_token()}, backlog).ok()) {
      // The client is gone, or we are.
      container->hub().remove(queue);
      return {};
    }
  }
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
