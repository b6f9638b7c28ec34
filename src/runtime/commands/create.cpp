#include "runtime/create.h"

#include <unistd.h>

#include "runtime/commands/command.h"
#include "runtime/commands/create_flags.h"

namespace hull::runtime {
namespace {

Result<int> run(Context& context, const Flags& flags) {
  CreateOptions options = TRY(create_options(flags));
  options.systemd_cgroup = context.systemd_cgroup;
  options.rootless_cgroup = context.rootless_cgroup;
  spec::RuntimeSpec spec = TRY(load_spec(options.bundle));
  TRY(create_container(context.store, options, spec));
  return 0;
}

}  // namespace

extern const Command kCreateCommand = {
    .name = "create",
    .arguments = "<container-id>",
    .help = "make a container; its process waits for start",
    .flags = kCreateFlags,
    .seen_from_containers = true,
    .failure_prefix = "runc create failed: ",
    .run = run,
};

}  // namespace hull::runtime
