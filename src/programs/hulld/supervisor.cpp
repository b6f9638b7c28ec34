#include "programs/hulld/supervisor.h"

#include "programs/hulld/preflight.h"
#include "programs/hulld/program_path.h"

namespace hull::daemon {

Result<Supervisor> reach_supervisor(const Config& config) {
  if (!config.containerd.empty()) return Supervisor{.socket = config.containerd, .process = nullptr};
  TRY(check_overlayfs());
  const std::string state = config.exec_root + "/containerd";
  const auto program = find_program("hull-containerd");
  SupervisorSettings settings{.program = program.ok() ? *program : "",  // one that runs is taken over without it
                              .root = config.data_root + "/containerd",
                              .state = state,
                              .socket = state + "/containerd.sock",
                              .log_level = config.debug ? "debug" : "info"};
  Supervisor supervisor{.socket = settings.socket, .process = nullptr};
  auto process = SupervisorProcess::start(std::move(settings));
  if (!process.ok() && !program.ok()) return program.error();
  supervisor.process = TRY(std::move(process));
  return supervisor;
}

}  // namespace hull::daemon
