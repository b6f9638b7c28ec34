#include "shim/remove.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "base/text.h"
#include "ipc/proto/shim/task.pb.h"
#include "linux/processes.h"
#include "linux/served_socket.h"
#include "shim/container.h"
#include "shim/create_options.h"
#include "shim/group.h"
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

/// The group's server goes on for the others. One that hangs would keep for ever what nobody else knows of.
void leave_group(const std::string& socket, const std::string& id) {
  if (!tell_group(socket, kLeave, id).is(Code::kDeadlineExceeded)) return;
  const auto end = [&]() -> Result<void> {
    const auto server = TRY(sys::pidfd_open(TRY(linux::server_of(socket))));
    TRY(sys::pidfd_send_signal(server, SIGKILL));
    TRY(sys::poll(server, POLLIN, kEndTime));
    return {};
  };
  logging::warn("end the shim: it hangs", {{"id", id}, {"socket", socket}});
  if (const auto ended = end(); !ended.ok()) logging::warn("end the shim", {{"error", ended.error().message()}});
}

/// The shim's socket, and those on which it waited for consoles.
void remove_sockets(const std::string& bundle, const std::string& id) {
  const auto address = read_file(bundle + "/address", 4_KiB);
  if (!address.ok() || !address->starts_with("unix://")) return;
  const std::string socket = address->substr(7);
  if (is_group_socket(socket)) leave_group(socket, id);
  (void)linux::remove_unserved(socket).ok();
  if (exists(socket)) return;
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
  remove_sockets(bundle, arguments.id);

  containerd::task::v2::DeleteResponse response;
  const std::string pid = read_file(bundle + "/init.pid", 1_KiB).value_or("");
  response.set_pid(parse_integer<uint32_t>(trim(pid)).value_or(0));
  response.set_exit_status(128 + SIGKILL);
  to_proto(now(), *response.mutable_exited_at());
  return sys::write_all(FdRef(STDOUT_FILENO), response.SerializeAsString());
}

}  // namespace hull::shim
