#include "cli/commands/container/container.h"
#include "cli/commands/container/create_container.h"
#include "cli/commands/container/streams.h"

namespace hull::cli {

namespace {

struct RunOptions {
  CreateOptions create;
  bool detach = false;
  bool signal_proxy = true;
  std::string detach_keys;
};

void define_run(Flags& flags, RunOptions& options) {
  define_create_options(flags, options.create);
  flags.boolean("d,detach", options.detach, "Run in the background and print the container's id");
  flags.boolean("sig-proxy", options.signal_proxy, "Pass signals on to the process");
  flags.text("detach-keys", options.detach_keys, "Keys that detach from the container");
}

/// One container from its making to its end.
class Run {
 public:
  Run(Cli& cli, const RunOptions& options, const Invocation& invocation)
      : cli_(cli), options_(options), invocation_(invocation) {}

  Result<int> run() {
    CreateOptions create = options_.create;
    create.detach = options_.detach;
    if (options_.detach && !create.attach.empty())
      return invalid_argument("conflicting options: cannot specify both --attach and --detach");
    const auto& config = create.config;
    if (!options_.detach) TRY(check_input_is_terminal(cli_, config.open_stdin || wants_input(), config.tty));
    auto made = create_container(cli_, create, invocation_);
    if (!made.ok()) return report_failure(cli_, invocation_.path, made.error(), 125);
    id_ = made->id;
    return options_.detach ? run_detached() : run_attached(made->request);
  }

 private:
  bool wants_input() const {
    for (const std::string& stream : options_.create.attach)
      if (stream == "stdin") return true;
    return false;
  }

  int failed(const Error& error) {
    return report_failure(cli_, invocation_.path, error, start_failure_status(error.message()));
  }

  Result<void> start() {
    TRY(TRY(cli_.daemon())->post("/containers/" + id_ + "/start"));
    return {};
  }

  Result<int> run_detached() {
    if (auto started = start(); !started.ok()) return failed(started.error());
    cli_.print_line(id_);
    return 0;
  }

  Result<int> run_attached(const api::CreateContainer& request) {
    Attachment attachment{.container = id_,
                          .tty = request.config.tty,
                          .input = request.config.attach_stdin,
                          .out = request.config.attach_stdout,
                          .error = request.config.attach_stderr,
                          .detach_keys = options_.detach_keys,
                          .forward_signals = options_.signal_proxy};
    auto signals = TRY(SignalSource::create(
        attachment.forward_signals || attachment.tty ? SignalSource::Take::kAll : SignalSource::Take::kResizeOnly));
    // Attached and waiting before it starts, so that no output and no exit is missed.
    auto stream = open_attach(cli_, attachment);
    if (!stream.ok()) return report_failure(cli_, invocation_.path, stream.error(), 125);
    const bool removed = request.host_config->auto_remove;
    auto waiter = ExitWaiter::start(*TRY(cli_.daemon()), id_, removed ? "removed" : "next-exit");
    if (!waiter.ok()) return report_failure(cli_, invocation_.path, waiter.error(), 125);
    if (auto started = start(); !started.ok()) {
      const int status = failed(started.error());
      if (removed) static_cast<void>(waiter->result().ok());  // who asked for --rm finds nothing left
      return status;
    }
    if (attachment.tty && cli_.output_is_terminal()) resize_to_terminal(cli_, "/containers/" + id_);
    return pump(std::move(stream).value(), attachment, signals, *waiter);
  }

  Result<int> pump(http::Hijacked stream, const Attachment& attachment, SignalSource& signals, ExitWaiter& waiter) {
    Session session(std::move(stream), session_options(cli_, attachment),
                    session_actions(cli_, "/containers/" + id_, id_), signals);
    const SessionEnd end = TRY(session.run());
    if (end == SessionEnd::kDetached) return 0;
    if (end == SessionEnd::kSignalled) return 128 + session.signal();
    if (!attachment.out && !attachment.error) {
      cli_.print_line(id_);
      return 0;
    }
    if (TRY(session.wait(waiter.ready())) == SessionEnd::kSignalled) return 128 + session.signal();
    return waiter.result();
  }

  Cli& cli_;
  const RunOptions& options_;
  const Invocation& invocation_;
  std::string id_;
};

Result<int> run_run(Cli& cli, const RunOptions& options, const Invocation& invocation) {
  return Run(cli, options, invocation).run();
}

struct CreateCommandOptions {
  CreateOptions create;
};
void define_create(Flags& flags, CreateCommandOptions& options) { define_create_options(flags, options.create); }

Result<int> run_create(Cli& cli, const CreateCommandOptions& options, const Invocation& invocation) {
  const auto made = TRY(create_container(cli, options.create, invocation));
  cli.print_line(made.id);
  return 0;
}

}  // namespace

constinit const Command kRun = {.names = {"container run", "run"},
                                .synopsis = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
                                .summary = "Make a container of an image and run it",
                                .least = 1,
                                .make = make_task<RunOptions, define_run, run_run>,
                                .interspersed = Flags::Interspersed::kNo,
                                .common = true};

constinit const Command kCreate = {.names = {"container create", "create"},
                                   .synopsis = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
                                   .summary = "Make a container",
                                   .least = 1,
                                   .make = make_task<CreateCommandOptions, define_create, run_create>,
                                   .interspersed = Flags::Interspersed::kNo};

}  // namespace hull::cli
