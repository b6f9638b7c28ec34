#include "shim/oci_runtime.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/files.h"
#include "base/spawn.h"
#include "base/sys.h"
#include "base/text.h"
#include "shim/runtime_log.h"

namespace hull::shim {
namespace {

constexpr Bytes kMaxOutput = 4_MiB;

Result<std::string> read_captured(FdRef output) {
  TRY(sys::lseek(output, 0, SEEK_SET));
  return read_all(output, kMaxOutput);
}

std::string default_binary() {
  if (const auto self = sys::readlink("/proc/self/exe"); self.ok()) {
    const std::string beside = self->substr(0, self->rfind('/')) + "/hull-runc";
    if (::access(beside.c_str(), X_OK) == 0) return beside;
  }
  return "hull-runc";
}

/// 0, 1 and 2 of the child; `null` and `capture` are opened where they are needed.
Result<std::vector<std::pair<int, FdRef>>> child_descriptors(const ChildStdio& stdio, UniqueFd& null,
                                                             UniqueFd& capture) {
  null = TRY(sys::open("/dev/null", O_RDWR));
  if (!stdio.in.valid() && !stdio.out.valid() && !stdio.err.valid()) {
    capture = TRY(sys::memfd_create("runtime-output", 0));
    return std::vector<std::pair<int, FdRef>>{{0, null}, {1, capture}, {2, capture}};
  }
  const auto or_null = [&](FdRef fd) { return fd.valid() ? fd : FdRef(null); };
  return std::vector<std::pair<int, FdRef>>{{0, or_null(stdio.in)}, {1, or_null(stdio.out)}, {2, or_null(stdio.err)}};
}

}  // namespace

RuntimeSettings default_settings(const std::string& bundle, const std::string& container_namespace) {
  const size_t at = bundle.find("/io.containerd.runtime.v2.task/");
  const std::string state = at == std::string::npos ? "/run/containerd" : bundle.substr(0, at);
  return {.binary = default_binary(), .root = state + "/runc/" + container_namespace, .systemd_cgroup = false};
}

Error runtime_failed(const Error& error, const std::string& what) {
  return Error(error).as(error.code() == Code::kAborted ? Code::kUnknown : error.code()).context(what);
}

std::vector<std::string> OciRuntime::command_line(std::vector<std::string> words) const {
  std::vector<std::string> argv{settings_.binary, "--root",       settings_.root, "--log",
                                log_path(),       "--log-format", "json"};
  if (settings_.systemd_cgroup) argv.push_back("--systemd-cgroup");
  for (std::string& word : words) argv.push_back(std::move(word));
  return argv;
}

void OciRuntime::run(std::vector<std::string> words, const ChildStdio& stdio, Done done) {
  // Nobody else writes it now: what it says afterwards is about this call.
  if (running_ == 0) (void)sys::unlink(log_path()).ok();
  UniqueFd null;
  auto capture = std::make_shared<UniqueFd>();
  const auto start = [&]() -> Result<pid_t> {
    SpawnOptions options;
    options.directory = bundle_;
    options.descriptors = TRY(child_descriptors(stdio, null, *capture));
    return spawn(command_line(std::move(words)), options);
  };
  const auto pid = start();
  // A missing runtime is no missing container: the kind says nothing about what was asked for.
  if (!pid.ok()) return done(Error(pid.error()).as(Code::kUnknown));
  ++running_;
  auto hold = std::make_shared<Reaper::Hold>(reaper_);
  reaper_.expect(*pid, [this, capture, hold, done = std::move(done)](ExitReport exit) {
    --running_;
    done(outcome(exit, *capture));
  });
}

Result<std::string> OciRuntime::outcome(ExitReport exit, FdRef output) const {
  std::string printed = output.valid() ? read_captured(output).value_or("") : "";
  if (exit.code == 0) return printed;
  const std::string logged = last_error_of(read_file(log_path(), kMaxOutput).value_or(""));
  if (!logged.empty()) return Error(Code::kUnknown, logged);
  std::string text = settings_.binary + " did not terminate successfully: ";
  text += exit.code > 128 ? "signal " + std::to_string(exit.code - 128) : "exit status " + std::to_string(exit.code);
  if (!trim(printed).empty()) text += ": " + std::string(trim(printed)).substr(0, 4096);
  return Error(exit.code > 128 ? Code::kAborted : Code::kUnknown, text);
}

}  // namespace hull::shim
