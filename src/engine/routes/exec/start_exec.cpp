#include "engine/routes/exec/exec_routes.h"
#include "engine/stdio/detach_keys.h"
#include "engine/stdio/session.h"

namespace hull::engine::routes {
namespace {

constexpr ApiVersion kTellsMultiplexed{1, 42};

std::string_view content_type(const Call& call, bool tty) {
  return !tty && call.version() >= kTellsMultiplexed ? "application/vnd.docker.multiplexed-stream"
                                                     : "application/vnd.docker.raw-stream";
}

Result<std::string> detach_keys_of(const api::CreateExec& request) {
  if (!request.tty) return std::string();
  if (request.detach_keys.empty()) return std::string(stdio::kDefaultDetachKeys);
  return stdio::parse_detach_keys(request.detach_keys);
}

/// The connection is the client's by now: an error is a line in its output, as in docker.
void tell(stdio::ClientQueue& queue, const Error& error) {
  (void)queue.push_anyway(logs::Stream::kStdout, error.message() + "\r\n");
  queue.end();
}

}  // namespace

Result<void> start_exec(Execs& execs, Call& call) {
  const ExecPtr exec = TRY(execs.find(call.path("id")));
  const auto options = TRY(call.optional_body<api::StartExec>()).value_or(api::StartExec());
  TRY(execs.check_start(*exec));
  if (options.detach) {
    TRY(execs.start(exec, options, nullptr));
    return call.reply_empty(200);
  }
  const api::CreateExec& request = exec->request();
  stdio::SessionOptions session{.input = request.attach_stdin};
  session.detach_keys = TRY(detach_keys_of(request));
  if (!request.tty) session.input_ended = [&] { execs.end_input(*exec); };
  auto queue = TRY(stdio::ClientQueue::create(request.tty ? stdio::Framing::kRaw : stdio::Framing::kFrames,
                                              {.out = request.attach_stdout, .err = request.attach_stderr}));
  auto connection = TRY(call.http().hijack(content_type(call, request.tty)));
  if (auto started = execs.start(exec, options, queue); !started.ok()) tell(*queue, started.error());
  stdio::serve(std::move(connection), exec->hub(), queue, session, call.http().stop_token());
  return {};
}

}  // namespace hull::engine::routes
