#include "shim/remove.h"

#include <signal.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "base/text.h"
#include "ipc/proto/shim/task.pb.h"
#include "linux/processes.h"
#include "shim/container.h"
#include "shim/create_options.h"
#include "shim/proto_time.h"
#include "shim/rootfs.h"

namespace hull::shim {
namespace {

constexpr std::chrono::seconds kEndTime(10);

Result<void> delete_container(const std::string& bundle, const std::string& id) {
  const RuntimeSettings settings = TRY(load_runtime(bundle));
  const auto null = TRY(sys::open("/dev/null", O_RDWR));
  const pid_t pid =
      TRY(spawn({settings.binary, "--root", settings.root, "--log", bundle + "/log.json", "--log-format", "json",
                 "delete", "--force", id},
                {.directory = bundle, .descriptors = {{0, null}, {1, null}, {2, null}}, .environment = {}}));
  const auto exit = TRY(sys::waitpid(pid, 0));
  if (exit->exit_code() == 0) return {};
  return internal_error(settings.binary + " delete: exit status " + std::to_string(exit->exit_code()));
}

/// The shim's socket, and those on which it waited for consoles.
void remove_sockets(const std::string& bundle) {
  const auto address = read_file(bundle + "/address", 4_KiB);
  if (!address.ok() || !address->starts_with("unix://")) return;
  const std::string socket = address->substr(7);
  (void)sys::unlink(socket).ok();
  const size_t slash = socket.rfind('/');
  const std::string directory = socket.substr(0, slash + 1);
  for (const std::string& name : list_directory(directory).value_or({}))
    if (name.starts_with(socket.substr(slash + 1) + kConsoleSuffix)) (void)sys::unlink(directory + name).ok();
}

}  // namespace

Result<void> run_delete(const Arguments& arguments) {
  const std::string& bundle = arguments.bundle;
  // A runtime that goes on without its shim would make a container after we have looked for one.
  if (const auto ended = linux::kill_processes_in(bundle, arguments.id, kEndTime); !ended.ok())
    logging::warn("end the shim's processes", {{"id", arguments.id}, {"error", ended.error().message()}});
  // Whatever is left to do is done, and told; a supervisor can't do more about it.
  if (const auto deleted = delete_container(bundle, arguments.id); !deleted.ok() && !deleted.is(Code::kNotFound))
    logging::warn("delete the container", {{"id", arguments.id}, {"error", deleted.error().message()}});
  if (const auto unmounted = unmount_rootfs(bundle + "/rootfs"); !unmounted.ok())
    logging::warn("unmount", {{"error", unmounted.error().message()}});
  remove_sockets(bundle);

  containerd::task::v2::DeleteResponse response;
  const std::string pid = read_file(bundle + "/init.pid", 1_KiB).value_or("");
  response.set_pid(parse_integer<uint32_t>(trim(pid)).value_or(0));
  response.set_exit_status(128 + SIGKILL);
  to_proto(now(), *response.mutable_exited_at());
  return sys::write_all(FdRef(STDOUT_FILENO), response.SerializeAsString());
}

}  // namespace hull::shim
