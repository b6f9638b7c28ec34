#include "runtime/seccomp_notify.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/json.h"
#include "base/sys.h"
#include "base/text.h"
#include "linux/process_attributes.h"
#include "linux/seccomp_filter.h"

namespace hull::runtime {
namespace {

/// "ContainerProcessState" of the specification: what comes with the descriptor.
struct ProcessState {
  std::string oci_version{};
  std::vector<std::string> fds{};
  int64_t pid = 0;
  std::string metadata{};
  spec::RuntimeState state{};
};
template <class V>
void describe(V& json, ProcessState& process) {
  json.field("ociVersion", process.oci_version);
  json.field("fds", process.fds);
  json.field("pid", process.pid);
  json.omit_empty("metadata", process.metadata);
  json.field("state", process.state);
}

/// The number alone is told; sendmsg(2) might wait for the agent already.
Result<void> tell_number(const SyncSocket& sync, int number) {
  const std::string packet = static_cast<char>(Sync::kListener) + std::to_string(number);
  return sys::write_all(sync.fd(), packet);
}

Result<UniqueFd> take_from(const linux::Child& process, int number) {
  const long fd = ::syscall(SYS_pidfd_getfd, process.pidfd.get(), number, 0);
  if (fd == -1) return Error::from_errno(errno, "take seccomp listener");
  return UniqueFd(static_cast<int>(fd));
}

}  // namespace

Result<void> install_with_listener(const SeccompProgram& seccomp, const SyncSocket& sync) {
  const UniqueFd listener = TRY(linux::install_seccomp_listener(seccomp.bpf, seccomp.flags));
  TRY(tell_number(sync, listener.get()));
  TRY(sync.expect(Sync::kListenerTaken));
  return {};
}

Result<void> forward_listener(const SeccompProgram& seccomp, const SyncSocket& sync, const linux::Child& process,
                              const spec::RuntimeState& state) {
  if (!seccomp.notifies()) return {};
  const auto number = parse_integer<int>(TRY(sync.expect(Sync::kListener)));
  if (!number) return internal_error("number of the seccomp listener");
  const UniqueFd listener = TRY(take_from(process, *number));
  const UniqueFd agent =
      TRY(sys::connect_unix(seccomp.listener_path).context("linux.seccomp.listenerPath: " + seccomp.listener_path));
  const ProcessState told{state.oci_version, {"seccompFd"}, process.pid, seccomp.listener_metadata, state};
  TRY(linux::send_descriptor(agent, listener, json::format(told)));
  return sync.send(Sync::kListenerTaken);
}

Result<void> check_notify(const spec::Seccomp& profile) {
  using spec::SeccompAction;
  if (profile.default_action == SeccompAction::kNotify)
    return invalid_argument("linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as default action");
  bool notifies = false;
  for (size_t i = 0; i < profile.syscalls.size(); ++i) {
    const spec::SeccompRule& rule = profile.syscalls[i];
    if (rule.action != SeccompAction::kNotify) continue;
    notifies = true;
    if (std::find(rule.names.begin(), rule.names.end(), "write") != rule.names.end())
      return invalid_argument("linux.seccomp.syscalls[" + std::to_string(i) +
                              "].names: SCMP_ACT_NOTIFY cannot be used for the \"write\" syscall");
  }
  if (notifies && profile.listener_path.empty())
    return invalid_argument("linux.seccomp.listenerPath: is required with SCMP_ACT_NOTIFY, got \"\"");
  if (!profile.listener_path.empty() && profile.listener_path[0] != '/')
    return invalid_argument("linux.seccomp.listenerPath: is not absolute: \"" + profile.listener_path + "\"");
  return {};
}

}  // namespace hull::runtime
