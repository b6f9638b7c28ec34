#include <signal.h>

#include "base/sys.h"
#include "linux/process_attributes.h"
#include "runtime/commands/command.h"
#include "runtime/commands/create_flags.h"
#include "runtime/foreground.h"

namespace hull::runtime {
namespace {

constexpr Flag kFlags[] = {
    kBundleFlag,
    kConsoleSocketFlag,
    kPidFileFlag,
    kPidfdSocketFlag,
    kNoPivotFlag,
    kNoKeyringFlag,
    kPreserveFlag,
    {"detach", 'd', Flag::Kind::kSwitch, "return once the container runs"},
    {"keep", 0, Flag::Kind::kSwitch, "keep the container's state when its process has ended"},
    {"no-subreaper", 0, Flag::Kind::kSwitch, "accepted: this runtime never becomes a subreaper"},
};

Result<int> run_foreground(const Store& store, CreateOptions options, spec::RuntimeSpec& spec, bool keep) {
  if (!options.console_socket.empty())
    return invalid_argument("cannot use console socket if runc will not detach or allocate tty");
  sys::SocketPair console{};
  const auto size = own_terminal_size();
  if (spec.process->terminal && size) spec.process->console_size = size;
  if (spec.process->terminal) console = TRY(sys::socketpair(SOCK_STREAM));
  options.console = std::move(console.second);
  const UniqueFd signals = TRY(block_forwarded_signals());
  CreatedContainer made = TRY(create_container(store, options, spec));
  const auto accompany = [&]() -> Result<int> {
    UniqueFd master;
    if (console.first.valid()) master = TRY(linux::receive_descriptor(console.first));
    TRY(run_poststart(made.record));
    made.directory.unlock();
    return accompany_foreground(made.init, signals, std::move(master));
  };
  auto code = accompany();
  if (!keep || !code.ok()) delete_ended(made.directory);
  return code;
}

Result<int> run(Context& context, const Flags& flags) {
  CreateOptions options = TRY(create_options(flags));
  options.systemd_cgroup = context.systemd_cgroup;
  options.rootless_cgroup = context.rootless_cgroup;
  options.start = true;
  spec::RuntimeSpec spec = TRY(load_spec(options.bundle));
  if (!flags.is_set("detach")) return run_foreground(context.store, std::move(options), spec, flags.is_set("keep"));
  const CreatedContainer made = TRY(create_container(context.store, options, spec));
  auto started = run_poststart(made.record);
  if (started.ok()) return 0;
  (void)delete_container(made.directory, Force::kYes);
  return std::move(started).error();
}

}  // namespace

extern const Command kRunCommand = {
    .name = "run",
    .arguments = "<container-id>",
    .help = "make a container and start it",
    .flags = kFlags,
    .seen_from_containers = true,
    .failure_prefix = "runc run failed: ",
    .run = run,
};

}  // namespace hull::runtime
