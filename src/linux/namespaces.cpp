#include "linux/namespaces.h"

#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/files.h"
#include "base/rollback.h"
#include "base/sys.h"
#include "linux/mapping_tools.h"

namespace hull::linux {

Result<Child> fork_into(uint64_t flags, FdRef cgroup) {
  int pidfd = -1;
  clone_args args{};
  args.flags = flags | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  // CLONE_PARENT demands that the signal is that of the caller's own end.
  args.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD;
  if (cgroup.valid()) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<uint64_t>(cgroup.get());
  }
  const long pid = ::syscall(SYS_clone3, &args, sizeof args);
  if (pid == -1) return Error::from_errno(errno, "clone3");
  if (pid == 0) return Child{};
  return Child{static_cast<pid_t>(pid), UniqueFd(pidfd)};
}

Result<void> join_namespaces(FdRef fd, int flags) {
  if (::setns(fd.get(), flags) == -1) return Error::from_errno(errno, "setns");
  return {};
}

Result<void> unshare(int flags) {
  if (::unshare(flags) == -1) return Error::from_errno(errno, "unshare");
  return {};
}

std::string format_id_map(const std::vector<IdRange>& ranges) {
  std::string text;
  for (const IdRange& range : ranges) {
    text += std::to_string(range.inside) + ' ' + std::to_string(range.outside) + ' ' + std::to_string(range.count);
    text += '\n';
  }
  return text;
}

namespace {

/// All that an ordinary user may map without help.
bool is_one_id(const std::vector<IdRange>& ranges, uint32_t own) {
  return ranges.size() == 1 && ranges[0].outside == own && ranges[0].count == 1;
}

Result<void> write_map(FdRef proc, const char* file, pid_t pid, const std::vector<IdRange>& ranges, MappingTool tool) {
  if (ranges.empty()) return {};
  auto written = write_existing(proc, file, format_id_map(ranges));
  if (!written.ok() && written.error().number() == EPERM && ::geteuid() != 0) written = map_by_tool(tool, pid, ranges);
  return std::move(written).context("write " + std::string(file));
}

}  // namespace

Result<void> map_ids(pid_t pid, const std::vector<IdRange>& uids, const std::vector<IdRange>& gids) {
  const UniqueFd proc = TRY(sys::open("/proc/" + std::to_string(pid), O_PATH | O_DIRECTORY));
  // setgroups must be denied before an unprivileged gid_map write (user_namespaces(7)).
  if (::geteuid() != 0 && is_one_id(gids, ::getegid())) TRY(write_existing(proc, "setgroups", "deny"));
  TRY(write_map(proc, "gid_map", pid, gids, MappingTool::kGids));
  return write_map(proc, "uid_map", pid, uids, MappingTool::kUids);
}

Result<UniqueFd> make_user_namespace(const std::vector<IdRange>& uids, const std::vector<IdRange>& gids) {
  const pid_t parent = ::getpid();
  const Child child = TRY(fork_into(CLONE_NEWUSER));
  if (child.pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() == parent) ::pause();
    ::_exit(0);
  }
  const Defer reap([&] {
    (void)sys::pidfd_send_signal(child.pidfd, SIGKILL);
    (void)sys::waitpid(child.pid, 0);
  });
  TRY(map_ids(child.pid, uids, gids));
  return sys::open("/proc/" + std::to_string(child.pid) + "/ns/user", O_RDONLY);
}

Result<bool> same_namespace(const std::string& path_a, const std::string& path_b) {
  const struct stat a = TRY(sys::stat(path_a));
  const struct stat b = TRY(sys::stat(path_b));
  return a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

}  // namespace hull::linux
