#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <functional>

#include "base/daemon/daemon_log.h"
#include "base/daemon/memory.h"
#include "base/log.h"
#include "base/rollback.h"
#include "base/spawn.h"
#include "engine/system/build_info.h"
#include "ipc/http/server.h"
#include "programs/hulld/config.h"
#include "programs/hulld/data_root.h"
#include "programs/hulld/engine.h"
#include "programs/hulld/preflight.h"
#include "programs/hulld/purge.h"
#include "programs/hulld/supervisor.h"
#include "programs/hulld/systemd.h"

namespace hull::daemon {
namespace {

/// Signals are taken by wait_for_end() only; threads inherit the mask.
sigset_t block_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) ::sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return set;
}

/// Until SIGTERM or SIGINT. SIGHUP only checks the configuration file: what it holds is applied by a restart, which no
/// container notices.
void wait_for_end(const sigset_t& set, int argc, char** argv) {
  for (;;) {
    int signal = 0;
    if (::sigwait(&set, &signal) != 0) continue;
    if (signal != SIGHUP) return logging::info("ending", {{"signal", ::strsignal(signal)}});
    const auto again = read_command_line(argc, argv);
    if (again.ok())
      logging::info("configuration is good; restart hulld to apply it");
    else
      logging::error("read configuration", {{"error", again.error().message()}});
  }
}

Result<std::unique_ptr<http::Server>> serve(const Config& config, const engine::routes::Router& router,
                                            const SystemdActivation& systemd) {
  const http::ListenOptions options{.group = config.group.empty() ? "hull" : config.group,
                                    .group_required = !config.group.empty(),
                                    .allow_plain_tcp = config.insecure_tcp,
                                    .passed = systemd.sockets()};
  auto server = TRY(http::Server::create([&router](http::Exchange& exchange) { router.serve(exchange); }));
  for (const std::string& host : config.hosts) {
    for (auto& listener : TRY(http::open_listeners(host, options))) TRY(server->listen(std::move(listener)));
    logging::info("API listens", {{"address", host}});
  }
  return server;
}

/// From the engine's opening to the signal that ends it.
Result<void> run_engine(const Config& config, const DataRoot& root, const std::string& supervisor_socket,
                        const SystemdActivation& systemd, const std::function<void()>& wait) {
  const auto engine = TRY(Engine::open(config, root.engine_id(), supervisor_socket));
  const Defer shut_down([&] { engine->shut_down(); });
  const auto server = TRY(serve(config, engine->router(), systemd));
  systemd.notify("READY=1");
  logging::info("hulld is ready", {{"version", engine::build_info().version}, {"data_root", config.data_root}});
  release_startup_memory();
  wait();
  systemd.notify("STOPPING=1");
  server->stop(std::chrono::seconds(5));
  return {};
}

Result<void> run(const Config& config, int argc, char** argv) {
  const sigset_t signals = block_signals();
  const SystemdActivation systemd = SystemdActivation::take();
  raise_descriptor_limit();  // each connection and each container's output takes some
  TRY(check_host());
  const auto root = TRY(DataRoot::claim(config.data_root, config.exec_root));
  const auto pidfile = TRY(PidFile::create(config.pidfile));
  const auto supervisor = TRY(reach_supervisor(config));
  auto ended = run_engine(config, root, supervisor.socket, systemd, [&] { wait_for_end(signals, argc, argv); });
  // A daemon that cannot run leaves no supervisor that it started; shims, and what they hold, go on.
  if (!ended.ok() && supervisor.process && supervisor.process->launched()) TRY(supervisor.process->end());
  return ended;
}

/// `hulld purge FLAGS` takes the flags with which the daemon was run.
bool wants_purge(int argc, char** argv) { return argc > 1 && std::string_view(argv[1]) == "purge"; }

int hulld_main(int argc, char** argv) {
  bound_memory();
  const bool purges = wants_purge(argc, argv);
  const auto line = purges ? read_command_line(argc - 1, argv + 1) : read_command_line(argc, argv);
  if (!line.ok()) {
    std::fprintf(stderr, "hulld: %s\nSee 'hulld --help'.\n", line.error().message().c_str());
    return 1;
  }
  const auto& build = engine::build_info();
  switch (line->wish) {
    case CommandLine::Wish::kHelp: std::fputs(line->help.c_str(), stdout); return 0;
    case CommandLine::Wish::kVersion:
      std::printf("Hull version %.*s, build %.*s\n", static_cast<int>(build.version.size()), build.version.data(),
                  static_cast<int>(build.commit.size()), build.commit.data());
      return 0;
    case CommandLine::Wish::kValidate: std::puts("configuration OK"); return 0;
    case CommandLine::Wish::kRun: break;
  }
  if (purges) {
    logging::install_daemon_sink(logging::Level::kWarn, line->config.log_format);
    block_signals();
    const auto purged = purge(line->config);
    if (!purged.ok()) std::fprintf(stderr, "hulld: %s\n", purged.error().message().c_str());
    return purged.ok() ? 0 : 1;
  }
  logging::install_daemon_sink(line->config.log_level, line->config.log_format);
  if (const auto ended = run(line->config, argc, argv); !ended.ok()) {
    logging::error("hulld cannot run", {{"error", ended.error().message()}});
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace hull::daemon

int main(int argc, char** argv) { return hull::daemon::hulld_main(argc, argv); }
