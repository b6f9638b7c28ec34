#include "runtime/launch.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "base/log.h"
#include "base/sys.h"
#include "base/text.h"
#include "linux/capability_sets.h"
#include "linux/process_attributes.h"
#include "linux/seccomp_filter.h"
#include "runtime/container_files.h"
#include "runtime/kernel_files.h"
#include "runtime/seccomp_notify.h"

namespace hull::runtime {
namespace {

/// What is asked for and can't be given is left out and logged, as the specification wants it ("capabilities").
linux::CapabilityMask mask_of(const std::vector<std::string>& names, linux::CapabilityMask held) {
  linux::CapabilityMask mask = 0;
  for (const std::string& name : names) {
    const auto number = linux::capability_number(name);
    if (number) mask |= linux::CapabilityMask{1} << *number;
    if (number && !(held >> *number & 1)) logging::warn("capability can't be granted", {{"capability", name}});
  }
  return mask & held;
}

linux::CapabilitySets capability_sets(const spec::Process& process, linux::CapabilityMask held) {
  if (!process.capabilities) return {};
  const spec::Capabilities& names = *process.capabilities;
  return {mask_of(names.bounding, held), mask_of(names.effective, held), mask_of(names.inheritable, held),
          mask_of(names.permitted, held), mask_of(names.ambient, held)};
}

/// In runc's words where the user namespace has no such id.
Error refused_id(int number, const std::string& kind, uint32_t id) {
  if (number == EINVAL)
    return invalid_argument("unable to setup user: cannot set" + kind + " to unmapped " + kind + " " +
                            std::to_string(id) + " in user namespace");
  return Error::from_errno(number, "set" + kind + " " + std::to_string(id));
}

Result<void> set_ids(const spec::User& user) {
  const std::vector<gid_t> groups(user.additional_gids.begin(), user.additional_gids.end());
  // Groups go first, while we may; without it the host's supplementary groups would stay (CVE-2022-36109).
  if (::setgroups(groups.size(), groups.data()) == -1) {
    const Error refused = Error::from_errno(errno, "setgroups");
    if (refused.number() != EPERM || !setgroups_denied()) return refused;
    if (!groups.empty()) return unimplemented("cannot set any additional groups in a rootless container");
  }
  if (::setresgid(user.gid, user.gid, user.gid) == -1) return refused_id(errno, "gid", user.gid);
  if (::setresuid(user.uid, user.uid, user.uid) == -1) return refused_id(errno, "uid", user.uid);
  return {};
}

/// The user may open its own stdio again by /proc/self/fd; the null device stays as it is.
void own_stdio(const spec::User& user) {
  for (int fd = 0; fd <= 2; ++fd) {
    const auto info = sys::fstat(FdRef(fd));
    if (!info.ok() || info->st_uid == user.uid) continue;
    if (S_ISCHR(info->st_mode) && info->st_rdev == makedev(1, 3)) continue;
    (void)sys::fchown(FdRef(fd), user.uid, static_cast<gid_t>(-1));  // read-only or foreign: its user can do without
  }
}

/// stdio on the host's null device would hold one of the host's mounts; take the container's, if it is one.
void reopen_null() {
  UniqueFd own;
  for (int fd = 0; fd <= 2; ++fd) {
    const auto info = sys::fstat(FdRef(fd));
    if (!info.ok() || !S_ISCHR(info->st_mode) || info->st_rdev != makedev(1, 3)) continue;
    if (!own.valid()) {
      auto opened = sys::open("/dev/null", O_RDWR | O_NOFOLLOW);
      if (!opened.ok()) return;
      own = std::move(*opened);
      const auto found = sys::fstat(own);
      if (!found.ok() || !S_ISCHR(found->st_mode) || found->st_rdev != makedev(1, 3)) return;
    }
    ::dup3(own.get(), fd, 0);
  }
}

Result<void> enter_directory(const std::string& cwd) {
  if (::chdir(cwd.c_str()) == -1)
    return Error::from_errno(errno, "chdir to cwd (\"" + cwd + "\") set in config.json failed");
  return {};
}

/// A working directory that the container's root does not contain is one of the host's, reached by a descriptor of ours
/// (CVE-2024-21626).
Result<void> check_directory() {
  char path[PATH_MAX];
  if (!::getcwd(path, sizeof path) || path[0] != '/')
    return failed_precondition(
        "current working directory is outside of container mount namespace root -- possible container breakout "
        "detected");
  return {};
}

Result<void> close_between(int first, int last) {
  if (first > last) return {};
  if (::close_range(static_cast<unsigned>(first), static_cast<unsigned>(last), 0) == -1)
    return Error::from_errno(errno, "close_range");
  return {};
}

Result<void> close_all_but(int low, int high, int first) {
  if (low > high) std::swap(low, high);
  TRY(close_between(first, low - 1));
  TRY(close_between(std::max(first, low + 1), high - 1));
  return close_between(std::max(first, high + 1), INT_MAX);
}

Result<void> install(const SeccompProgram& seccomp, const SyncSocket& sync) {
  if (seccomp.notifies()) return install_with_listener(seccomp, sync);
  return linux::install_seccomp(seccomp.bpf, seccomp.flags);
}

Result<void> become_user(const spec::Process& process, const linux::CapabilitySets& sets, linux::CapabilityMask held,
                         const std::optional<SeccompProgram>& seccomp, const SyncSocket& sync) {
  TRY(linux::limit_bounding_set(sets.bounding));
  // Without it a change from root would drop all capabilities, and those that are wanted could not be set any more.
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == -1) return Error::from_errno(errno, "keep capabilities");
  TRY(set_ids(process.user));
  if (seccomp && !process.no_new_privileges) {
    if (process.user.uid != 0) {
      linux::CapabilitySets all;
      all.effective = all.permitted = held;
      TRY(linux::set_capabilities(all));
    }
    TRY(install(*seccomp, sync));
  }
  TRY(linux::set_capabilities(sets));
  return {};
}

Result<void> set_attributes(const spec::Process& process) {
  if (process.scheduler) {
    const spec::Scheduler& wanted = *process.scheduler;
    TRY(linux::set_scheduler({wanted.policy, wanted.nice, static_cast<uint32_t>(wanted.priority), wanted.flags,
                              wanted.runtime, wanted.deadline, wanted.period}));
  }
  if (process.io_priority) TRY(linux::set_io_priority(process.io_priority->io_class, process.io_priority->priority));
  if (!process.apparmor_profile.empty())
    TRY(set_exec_profile("attr/apparmor/exec", "exec " + process.apparmor_profile)
            .context("apparmor failed to apply profile"));
  if (!process.selinux_label.empty()) TRY(set_exec_profile("attr/exec", process.selinux_label));
  if (process.no_new_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
    return Error::from_errno(errno, "set no_new_privs");
  ::umask(process.user.umask.value_or(022));
  return {};
}

std::optional<std::string_view> variable(const std::vector<std::string>& env, std::string_view name) {
  std::optional<std::string_view> value;
  for (const std::string& entry : env)
    if (const auto parts = cut(entry, "="); parts && parts->before == name) value = parts->after;
  return value;
}

/// nullopt: there; otherwise why it can't be run.
std::optional<Error> not_runnable(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == -1) return Error::from_errno(errno, "stat " + path);
  if (S_ISDIR(info.st_mode)) return Error(Code::kPermissionDenied, "permission denied");
  // A filter of before Linux 5.8 answers faccessat2, which this is, with EPERM.
  const bool runnable = ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
  if (!runnable && (errno != EPERM || ::access(path.c_str(), X_OK) == -1))
    return Error(Code::kPermissionDenied, "permission denied");
  return std::nullopt;
}

Result<std::string> find_program(const std::string& name, const std::vector<std::string>& env) {
  const std::string quoted = "exec: \"" + name + "\"";
  if (name.find('/') != std::string::npos) {
    if (auto problem = not_runnable(name)) return (*std::move(problem)).context(quoted);
    return name;
  }
  const std::string_view path = variable(env, "PATH").value_or("");
  for (const std::string_view directory : split(path, ':')) {
    const std::string candidate = (directory.empty() ? "." : std::string(directory)) + "/" + name;
    if (!path.empty() && !not_runnable(candidate)) return candidate;
  }
  return not_found(quoted + ": executable file not found in $PATH");
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

}  // namespace

Result<Program> prepare_launch(const spec::Process& process, const std::optional<SeccompProgram>& seccomp,
                               const SyncSocket& sync, FdRef fifo, unsigned preserved_fds) {
  const linux::CapabilityMask held = TRY(linux::held_capabilities());
  const linux::CapabilitySets sets = capability_sets(process, held);  // logs, which needs a descriptor
  TRY(close_all_but(sync.fd().get(), fifo.valid() ? fifo.get() : sync.fd().get(), static_cast<int>(3 + preserved_fds)));
  reopen_null();
  own_stdio(process.user);
  TRY(set_attributes(process));
  // As root first: the user may lack the right to walk to a directory that it may stand in; as the user where root, as
  // on some network file systems, is the one who may not.
  const auto entered = enter_directory(process.cwd);
  // become_user() may install the filter, which may forbid what the check and the closing of descriptors need.
  if (entered.ok()) TRY(check_directory());
  TRY(linux::close_on_exec_from(3 + preserved_fds));
  const Refused refused = TRY(set_own_rlimits(process));
  TRY(become_user(process, sets, held, seccomp, sync));
  if (!entered.ok()) {
    TRY(enter_directory(process.cwd));
    TRY(check_directory());
  }
  Program program{"", process.args, process.env, refused};
  program.path = TRY(find_program(process.args[0], process.env));
  const auto home = variable(program.env, "HOME");
  if (!home || home->empty()) program.env.push_back("HOME=" + home_of(process.user.uid));
  if (seccomp && seccomp->notifies() && process.no_new_privileges) TRY(install(*seccomp, sync));
  return program;
}

Error launch(const Program& program, const spec::Process& process, const std::optional<SeccompProgram>& seccomp) {
  const auto args = pointers(program.args);
  const auto env = pointers(program.env);
  if (seccomp && process.no_new_privileges && !seccomp->notifies())
    if (auto installed = linux::install_seccomp(seccomp->bpf, seccomp->flags); !installed.ok())
      return installed.error();
  ::execve(program.path.c_str(), args.data(), env.data());
  return Error::from_errno(errno, "exec " + program.path);
}

void reset_signals() {
  for (int signal = 1; signal < NSIG; ++signal) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    ::signal(signal, SIG_DFL);
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace hull::runtime
