#include "base/sys.h"
#include "linux/process_attributes.h"
#include "runtime/commands/command.h"
#include "runtime/commands/create_flags.h"
#include "runtime/commands/criu_flags.h"
#include "runtime/create_steps.h"
#include "runtime/foreground.h"

namespace hull::runtime {
namespace {

constexpr Flag kFlags[] = {
    kConsoleSocketFlag,
    kImagePathFlag,
    kWorkPathFlag,
    kTcpFlag,
    kUnixFlag,
    kShellJobFlag,
    kLocksFlag,
    kCgroupsModeFlag,
    kBundleFlag,
    {"detach", 'd', Flag::Kind::kSwitch, "return once the container runs"},
    kPidFileFlag,
    {"no-subreaper", 0, Flag::Kind::kSwitch, "accepted: this runtime never becomes a subreaper"},
    {"no-pivot", 0, Flag::Kind::kSwitch, "accepted: criu builds the file tree, nothing is pivoted here"},
    kEmptyFlag,
    kDedupFlag,
    kLazyFlag,
    {"lsm-profile", 0, Flag::Kind::kText, "TYPE:NAME of the label to restore with"},
    {"lsm-mount-context", 0, Flag::Kind::kText, "label of the restored mounts"},
};

Result<int> restore_foreground(const Store& store, RestoreOptions options) {
  if (!options.create.console_socket.empty())
    return invalid_argument("cannot use console socket if runc will not detach or allocate tty");
  const bool terminal = TRY(load_spec(options.create.bundle)).process->terminal;
  sys::SocketPair console = TRY(sys::socketpair(SOCK_STREAM));
  if (terminal) options.create.console = std::move(console.second);
  const UniqueFd signals = TRY(block_forwarded_signals());
  CreatedContainer made = TRY(restore_container(store, options));
  const auto accompany = [&]() -> Result<int> {
    UniqueFd master;
    if (terminal) master = TRY(linux::receive_descriptor(console.first));
    return accompany_foreground(made.init, signals, std::move(master));
  };
  made.directory.unlock();
  auto code = accompany();
  delete_ended(made.directory);
  return code;
}

Result<int> run(Context& context, const Flags& flags) {
  RestoreOptions options;
  options.create = TRY(create_options(flags));
  options.create.systemd_cgroup = context.systemd_cgroup;
  options.create.rootless_cgroup = context.rootless_cgroup;
  options.criu = TRY(criu_settings(flags));
  options.lsm_profile = flags.text("lsm-profile");
  options.lsm_mount_context = flags.text("lsm-mount-context");
  if (!flags.is_set("detach")) return restore_foreground(context.store, std::move(options));
  TRY(restore_container(context.store, options));
  return 0;
}

}  // namespace

extern const Command kRestoreCommand = {
    .name = "restore",
    .arguments = "<container-id>",
    .help = "make a container out of a checkpoint's images",
    .flags = kFlags,
    .failure_prefix = "",
    .run = run,
};

}  // namespace hull::runtime
