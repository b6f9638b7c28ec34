#include "cli/commands/container/container.h"
#include "cli/commands/container/streams.h"
#include "cli/commands/objects.h"

namespace hull::cli {

namespace {

struct StartOptions {
  bool attach = false;
  bool interactive = false;
  std::string checkpoint;
  std::string checkpoint_directory;
  std::string detach_keys;
};

void define_start(Flags& flags, StartOptions& options) {
  flags.boolean("a,attach", options.attach, "Attach standard output and error, and forward signals");
  flags.boolean("i,interactive", options.interactive, "Attach standard input");
  flags.text("checkpoint", options.checkpoint, "Checkpoint to restore from").experimental = true;
  flags.text("checkpoint-dir", options.checkpoint_directory, "Directory of the checkpoint").experimental = true;
  flags.text("detach-keys", options.detach_keys, "Keys that detach from the container");
}

Result<void> start_one(Daemon& daemon, const std::string& name, const StartOptions& options) {
  Query query;
  query.add_unless_empty("checkpoint", options.checkpoint);
  query.add_unless_empty("checkpoint-dir", options.checkpoint_directory);
  auto answer = daemon.post("/containers/" + path_of(name) + "/start", query);
  if (answer.is(Code::kNotModified)) return {};  // it runs already
  TRY(std::move(answer));
  return {};
}

Result<int> start_attached(Cli& cli, const StartOptions& options, const std::string& name) {
  Daemon& daemon = *TRY(cli.daemon());
  const json::Value container = TRY(daemon.get("/containers/" + path_of(name) + "/json"));
  const json::Value& config = member_at(container, "Config");
  const std::string id = text_at(container, "Id");
  Attachment attachment{.container = id,
                        .tty = flag_at(config, "Tty"),
                        .input = options.interactive && flag_at(config, "OpenStdin"),
                        .out = true,
                        .error = true,
                        .detach_keys = options.detach_keys,
                        .forward_signals = !flag_at(config, "Tty")};
  auto signals = TRY(SignalSource::create(SignalSource::Take::kAll));
  auto stream = TRY(open_attach(cli, attachment));
  const bool removed = flag_at(member_at(container, "HostConfig"), "AutoRemove");
  auto waiter = TRY(ExitWaiter::start(daemon, id, removed ? "removed" : "next-exit"));
  TRY(start_one(daemon, id, options));
  if (attachment.tty && cli.output_is_terminal()) resize_to_terminal(cli, "/containers/" + id);
  Session session(std::move(stream), session_options(cli, attachment), session_actions(cli, "/containers/" + id, id),
                  signals);
  const SessionEnd end = TRY(session.run());
  if (end == SessionEnd::kDetached) return 0;
  if (end == SessionEnd::kSignalled || TRY(session.wait(waiter.ready())) == SessionEnd::kSignalled)
    return 128 + session.signal();
  return waiter.result();
}

Result<int> run_start(Cli& cli, const StartOptions& options, const Invocation& invocation) {
  if (options.attach || options.interactive) {
    if (invocation.arguments.size() > 1)
      return invalid_argument("you cannot start and attach multiple containers at once");
    return start_attached(cli, options, invocation.arguments[0]);
  }
  Daemon& daemon = *TRY(cli.daemon());
  std::string failed;
  for (const std::string& name : invocation.arguments) {
    if (const auto started = start_one(daemon, name, options); !started.ok()) {
      cli.complain(started.error().message());
      failed.append(failed.empty() ? "" : ", ").append(name);
      continue;
    }
    cli.print_line(name);
  }
  if (!failed.empty()) return Error(Code::kUnknown, "Error: failed to start containers: " + failed);
  return 0;
}

struct AttachOptions {
  bool no_input = false;
  bool signal_proxy = true;
  std::string detach_keys;
};

void define_attach(Flags& flags, AttachOptions& options) {
  flags.text("detach-keys", options.detach_keys, "Keys that detach from the container");
  flags.boolean("no-stdin", options.no_input, "Don't attach standard input");
  flags.boolean("sig-proxy", options.signal_proxy, "Pass signals on to the process");
}

Result<void> check_attachable(const json::Value& container) {
  const json::Value& state = member_at(container, "State");
  if (!flag_at(state, "Running"))
    return failed_precondition("You cannot attach to a stopped container, start it first");
  if (flag_at(state, "Paused")) return failed_precondition("You cannot attach to a paused container, unpause it first");
  if (flag_at(state, "Restarting"))
    return failed_precondition("You cannot attach to a restarting container, wait until it is running");
  return {};
}

Result<int> run_attach(Cli& cli, const AttachOptions& options, const Invocation& invocation) {
  Daemon& daemon = *TRY(cli.daemon());
  const json::Value container = TRY(daemon.get("/containers/" + path_of(invocation.arguments[0]) + "/json"));
  TRY(check_attachable(container));
  const json::Value& config = member_at(container, "Config");
  const std::string id = text_at(container, "Id");
  const bool tty = flag_at(config, "Tty");
  const bool input = !options.no_input && flag_at(config, "OpenStdin");
  TRY(check_input_is_terminal(cli, !options.no_input, tty));
  Attachment attachment{.container = id,
                        .tty = tty,
                        .input = input,
                        .out = true,
                        .error = true,
                        .detach_keys = options.detach_keys,
                        .forward_signals = options.signal_proxy && !tty};
  const bool takes_signals = attachment.forward_signals || tty;
  auto signals = TRY(SignalSource::create(takes_signals ? SignalSource::Take::kAll : SignalSource::Take::kResizeOnly));
  auto waiter = TRY(ExitWaiter::start(daemon, id, "not-running"));
  auto stream = TRY(open_attach(cli, attachment));
  if (tty && cli.output_is_terminal()) {
    // A size that differs for a moment makes the program draw its screen again.
    resize_to_terminal(cli, "/containers/" + id, Redraw::kYes);
    resize_to_terminal(cli, "/containers/" + id);
  }
  Session session(std::move(stream), session_options(cli, attachment), session_actions(cli, "/containers/" + id, id),
                  signals);
  const SessionEnd end = TRY(session.run());
  if (end == SessionEnd::kDetached) return Error(Code::kCancelled, "read escape sequence");
  if (end == SessionEnd::kSignalled || TRY(session.wait(waiter.ready())) == SessionEnd::kSignalled)
    return 128 + session.signal();
  return waiter.result();
}

}  // namespace

constinit const Command kStart = {.names = {"container start", "start"},
                                  .synopsis = "[OPTIONS] CONTAINER [CONTAINER...]",
                                  .summary = "Start stopped containers",
                                  .least = 1,
                                  .make = make_task<StartOptions, define_start, run_start>};
constinit const Command kAttach = {.names = {"container attach", "attach"},
                                   .synopsis = "[OPTIONS] CONTAINER",
                                   .summary = "Attach this terminal's input, output and errors to a running container",
                                   .least = 1,
                                   .most = 1,
                                   .make = make_task<AttachOptions, define_attach, run_attach>};

}  // namespace hull::cli
