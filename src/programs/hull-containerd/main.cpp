#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "base/daemon/daemon_log.h"
#include "base/daemon/memory.h"
#include "base/files.h"
#include "base/log.h"
#include "base/spawn.h"
#include "programs/hull-containerd/command_line.h"
#include "programs/hull-containerd/daemon.h"
#include "programs/hull-containerd/publish.h"
#include "programs/hull-containerd/store_root.h"

namespace hull::supervisor {
namespace {

/// Signals are taken by sigwait() only; threads inherit the mask.
sigset_t block_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return set;
}

/// Work that can't be stopped (a large layer, a disk that hangs) does not keep us: whoever starts next finds what
/// SIGKILL would have left, and goes on from there.
void end_in(std::chrono::seconds time) {
  ::signal(SIGALRM, [](int) {
    constexpr std::string_view kText = "hull-containerd: end while work is under way\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kText.data(), kText.size());
    ::_exit(0);
  });
  ::alarm(static_cast<unsigned>(time.count()));
}

int publish(const CommandLine& line) {
  const auto published = publish_event(line);
  if (published.ok()) return 0;
  std::fprintf(stderr, "hull-containerd: %s\n", published.error().message().c_str());
  return 1;
}

/// Errors: kPermissionDenied: it is lower than ours, and we are not root.
Result<void> set_oom_score(int score) {
  if (score == 0) return {};
  return write_existing("/proc/self/oom_score_adj", std::to_string(score))
      .context("oom_score " + std::to_string(score));
}

Result<void> run(const Config& config) {
  const sigset_t signals = block_signals();
  raise_descriptor_limit();  // a thousand containers and their shims are a few thousand descriptors
  TRY(set_oom_score(config.oom_score));
  for (const std::string& plugin : config.ignored)
    logging::warn("the configuration of a plugin that is not here has no effect", {{"plugin", plugin}});
  const auto root = TRY(StoreRoot::claim(config));
  const auto daemon = TRY(Daemon::start(config, root.uuid()));
  logging::info("containerd API listens", {{"address", config.address}, {"root", config.root}});
  release_startup_memory();
  int signal = 0;
  while (::sigwait(&signals, &signal) != 0 || signal == SIGHUP) {}
  logging::info("ending", {{"signal", ::strsignal(signal)}});
  end_in(std::chrono::seconds(5));
  daemon->stop(std::chrono::milliseconds(250));
  return {};
}

int containerd_main(int argc, char** argv) {
  bound_memory();
  const auto line = parse_command_line(argc, argv);
  if (!line.ok()) {
    std::fprintf(stderr, "hull-containerd: %s\n", line.error().message().c_str());
    return 1;
  }
  switch (line->wish) {
    case CommandLine::Wish::kHelp: return std::fputs(line->help.c_str(), stdout), 0;
    case CommandLine::Wish::kVersion:
      std::printf("hull-containerd %s %s\n", std::string(version()).c_str(), std::string(revision()).c_str());
      return 0;
    case CommandLine::Wish::kConfigDefault: return std::fputs(format_config(Config()).c_str(), stdout), 0;
    case CommandLine::Wish::kConfigDump: return std::fputs(format_config(line->config).c_str(), stdout), 0;
    case CommandLine::Wish::kPublish: return publish(*line);
    case CommandLine::Wish::kRun: break;
  }
  const auto level = logging::parse_level(line->config.log_level.empty() ? "info" : line->config.log_level);
  if (!level.ok()) {
    std::fprintf(stderr, "hull-containerd: %s\n", level.error().message().c_str());
    return 1;
  }
  const bool json = line->config.log_format == "json";
  logging::install_daemon_sink(*level, json ? logging::Format::kJson : logging::Format::kText);
  if (const auto ended = run(line->config); !ended.ok()) {
    logging::error("hull-containerd cannot run", {{"error", ended.error().message()}});
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace hull::supervisor

int main(int argc, char** argv) { return hull::supervisor::containerd_main(argc, argv); }
