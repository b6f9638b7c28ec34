#include <signal.h>

#include "base/files.h"
#include "base/log.h"
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

Result<int> run_foreground(const Store& store, CreateOptions options, bool keep) {
  const auto spec = TRY(spec::parse_runtime_spec(TRY(read_file(options.bundle + "/config.json", 16_MiB))));
  if (!options.console_socket.empty())
    return invalid_argument("cannot use console socket if runc will not detach or allocate tty");
  sys::SocketPair console = TRY(sys::socketpair(SOCK_STREAM));
  const bool terminal = spec.process && spec.process->terminal;
  if (terminal) options.console = std::move(console.second);
  const UniqueFd signals = TRY(block_forwarded_signals());
  CreatedContainer made = TRY(create_container(store, options));
  const auto clean_up = [&] {
    auto deleted = made.directory.lock();
    if (deleted.is(Code::kNotFound)) return;  // another command was faster
    if (deleted.ok()) deleted = delete_container(made.directory, Force::kYes);
    if (!deleted.ok()) logging::warn("delete container", {{"error", deleted.error().message()}});
  };
  const auto accompany = [&]() -> Result<int> {
    UniqueFd master;
    if (terminal) master = TRY(linux::receive_descriptor(console.first));
    TRY(start_container(made.directory, made.record));
    made.directory.unlock();
    return accompany_foreground(made.init, signals, std::move(master));
  };
  auto code = accompany();
  if (!keep || !code.ok()) clean_up();
  return code;
}

Result<int> run(Context& context, const Flags& flags) {
  CreateOptions options = TRY(create_options(flags));
  options.systemd_cgroup = context.systemd_cgroup;
  options.rootless_cgroup = context.rootless_cgroup;
  if (!flags.is_set("detach")) return run_foreground(context.store, std::move(options), flags.is_set("keep"));
  const CreatedContainer made = TRY(create_container(context.store, options));
  auto started = start_container(made.directory, made.record);
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
