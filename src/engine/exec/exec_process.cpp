#include "engine/exec/exec_process.h"

#include "base/json.h"
#include "base/root_dir.h"
#include "base/sys.h"
#include "engine/containers/oci/rootfs_view.h"
#include "engine/containers/oci/spec_builder.h"
#include "engine/containers/oci/user.h"

namespace hull::engine {
namespace {

/// The running container's own view of its accounts: what it changed counts, as in docker.
Result<oci::AccountFiles> accounts_of(const ContainerRecord& record) {
  const RootDir root = TRY(RootDir::open("/proc/" + std::to_string(record.state.pid) + "/root"));
  return oci::read_accounts(root);
}

}  // namespace

Result<std::string> exec_process(const Exec& exec, const api::StartExec& options, const ContainerSettings& settings) {
  const RecordPtr record = exec.container()->record();
  const api::CreateExec& request = exec.request();
  const std::string& user = request.user.empty() ? record->config.user : request.user;
  const auto accounts = TRY(accounts_of(*record));
  auto resolved = TRY(oci::resolve_user(user, record->host.group_add.value_or(std::vector<std::string>()), accounts));
  oci::ExecInput input{.config = record->config,
                       .host = record->host,
                       .settings = settings,
                       .user = std::move(resolved),
                       .command = request.cmd.values(),
                       .env = request.env.value_or(std::vector<std::string>()),
                       .working_dir = request.working_dir,
                       .terminal = request.tty,
                       .privileged = request.privileged};
  if (options.console_size) input.console_size = *options.console_size;
  if (request.console_size && !options.console_size) input.console_size = *request.console_size;
  return json::format(TRY(oci::build_exec_process(input)));
}

std::string exec_fifo_directory(const ContainerSettings& settings, const Exec& exec) {
  return settings.exec_root + "/fifo/" + exec.container()->id();
}

void remove_exec_fifos(const ContainerSettings& settings, const Exec& exec) {
  const std::string prefix = exec_fifo_directory(settings, exec) + "/" + exec.id() + "-";
  for (const char* name : {"0", "1", "2"}) (void)sys::unlink(prefix + name).ok();
}

}  // namespace hull::engine
