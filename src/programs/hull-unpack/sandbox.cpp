#include "programs/hull-unpack/sandbox.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/sys.h"
#include "linux/capability_sets.h"
#include "linux/detached_mount.h"
#include "linux/namespaces.h"
#include "linux/seccomp_filter.h"

namespace hull::unpack {
namespace {

constexpr int kKept[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_MKNOD, CAP_SETFCAP, CAP_SYS_ADMIN};

/// What the C and C++ libraries, the pipeline of two threads and the unpacker use.
constexpr const char* kCalls[] = {
    // memory and threads
    "brk", "mremap", "munmap", "madvise", "futex", "set_robust_list", "rseq", "gettid", "getpid", "sched_yield",
    "sched_getaffinity", "rt_sigprocmask", "rt_sigaction", "rt_sigreturn", "sigaltstack", "restart_syscall", "exit",
    "exit_group", "getrandom", "clock_gettime", "clock_nanosleep", "nanosleep", "sysinfo",
    // descriptors
    "read", "pread64", "readv", "write", "pwrite64", "writev", "close", "lseek", "dup", "fcntl", "poll", "fadvise64",
    "fsync", "fdatasync",
    // files: below the directories that are open, as nothing else is there
    "openat", "openat2", "newfstatat", "fstat", "fstatfs", "statx", "getdents64", "readlinkat", "faccessat",
    "faccessat2", "access", "stat", "lstat", "readlink", "open", "ftruncate", "fallocate", "fchown", "fchownat",
    "chown", "lchown", "fchmod", "fchmodat", "fchmodat2", "chmod", "mkdirat", "mkdir", "mknodat", "symlinkat", "linkat",
    "unlinkat", "unlink", "rmdir", "renameat", "renameat2", "rename", "utimensat", "setxattr", "lsetxattr", "fsetxattr",
    "getxattr", "lgetxattr", "fgetxattr", "listxattr", "llistxattr", "flistxattr", "removexattr", "lremovexattr",
    "fremovexattr"};

Result<void> limit_resources() {
  constexpr rlim_t kMemory = rlim_t{1} << 30;
  constexpr rlim_t kDescriptors = 4096;  // the depth of a path that is removed
  const std::pair<__rlimit_resource_t, rlim_t> limits[] = {
      {RLIMIT_CORE, 0}, {RLIMIT_NOFILE, kDescriptors}, {RLIMIT_AS, kMemory}};
  for (const auto& [resource, most] : limits) {
    struct rlimit limit {};
    if (::getrlimit(resource, &limit) != 0) return Error::from_errno(errno, "read a limit");
    limit.rlim_max = std::min(limit.rlim_max, most);
    limit.rlim_cur = limit.rlim_max;
    // A sanitizer reserves terabytes.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    if (::setrlimit(resource, &limit) != 0) return Error::from_errno(errno, "set a limit");
#endif
  }
  return {};
}

/// A procfs that shows this process only. A container that covers parts of its own may not make another one: then that
/// one, which it was trusted with.
Result<linux::DetachedMount> own_proc() {
  constexpr uint64_t kFlags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  const auto fresh = [&]() -> Result<linux::DetachedMount> {
    auto context = TRY(linux::FilesystemContext::open("proc"));
    TRY(context.set("hidepid", "ptraceable"));
    TRY(context.set("subset", "pid"));
    return std::move(context).create(kFlags);
  };
  auto made = fresh();
  if (made.ok() || made.error().number() != EPERM) return made;
  return linux::DetachedMount::clone("/proc", linux::Recursive::kYes);
}

Result<void> leave_file_systems() {
  auto proc = TRY(own_proc());
  auto context = TRY(linux::FilesystemContext::open("tmpfs"));
  TRY(context.set("mode", "0555"));
  auto root = TRY(std::move(context).create(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
  TRY(linux::unshare(CLONE_NEWNS | CLONE_NEWIPC));
  if (::mount("", "/", "", MS_PRIVATE | MS_REC, nullptr) != 0) return Error::from_errno(errno, "make mounts private");
  const UniqueFd top = TRY(std::move(root).attach(TRY(sys::open("/", O_PATH | O_DIRECTORY))));
  TRY(sys::mkdirat(top, "proc", 0555));
  TRY(std::move(proc).attach(TRY(sys::openat(top, "proc", O_PATH | O_DIRECTORY))));
  TRY(linux::change_mount(top, {.set = MOUNT_ATTR_RDONLY}, linux::Recursive::kNo));
  // An initial ramdisk can't be pivoted away from.
  if (const auto pivoted = linux::pivot_into(top); !pivoted.ok()) TRY(linux::change_root(top));
  return {};
}

Result<void> drop_capabilities() {
  linux::CapabilityMask kept = 0;
  for (const int capability : kKept) kept |= linux::CapabilityMask{1} << capability;
  kept &= TRY(linux::held_capabilities());
  TRY(linux::limit_bounding_set(kept));
  return linux::set_capabilities({.bounding = kept, .effective = kept, .inheritable = 0, .permitted = kept});
}

Result<void> limit_calls() {
  using linux::Compare;
  auto filter = TRY(linux::SeccompBuilder::create(SECCOMP_RET_ERRNO | EPERM));
  for (const char* call : kCalls) TRY(filter.add_rule(call, SECCOMP_RET_ALLOW, {}));
  // No memory that can be written becomes code.
  for (const char* call : {"mmap", "mprotect"})
    TRY(filter.add_rule(call, SECCOMP_RET_ALLOW, {{2, Compare::kMaskedEqual, PROT_EXEC, 0}}));
  // Threads, but no processes. clone3 hides its flags: the C library goes on with clone where there is none.
  TRY(filter.add_rule("clone", SECCOMP_RET_ALLOW, {{0, Compare::kMaskedEqual, CLONE_THREAD, CLONE_THREAD}}));
  TRY(filter.add_rule("clone3", SECCOMP_RET_ERRNO | ENOSYS, {}));
  // Others of our user are not ours to end or to bound.
  TRY(filter.add_rule("tgkill", SECCOMP_RET_ALLOW, {{0, Compare::kEqual, static_cast<uint64_t>(::getpid()), 0}}));
  TRY(filter.add_rule("prlimit64", SECCOMP_RET_ALLOW, {{0, Compare::kEqual, 0, 0}}));
  TRY(filter.add_rule("prctl", SECCOMP_RET_ALLOW, {{0, Compare::kEqual, PR_SET_NAME, 0}}));
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Error::from_errno(errno, "set no_new_privs");
  return linux::install_seccomp(TRY(filter.compile()), 0);
}

}  // namespace

Result<UniqueFd> detach(FdRef directory, Access access) {
  const auto mount = TRY(linux::DetachedMount::clone(directory, linux::Recursive::kNo));
  uint64_t flags = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  if (access == Access::kRead) flags |= MOUNT_ATTR_RDONLY;
  TRY(mount.change({.set = flags}, linux::Recursive::kNo));
  return sys::openat(mount.root(), ".", O_RDONLY | O_DIRECTORY);
}

Result<void> enter_sandbox() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  // Another one like us, which has the same capabilities, must not reach into our memory.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  TRY(leave_file_systems().context("leave file systems"));
  TRY(limit_resources());
  TRY(drop_capabilities().context("drop capabilities"));
  return limit_calls().context("limit system calls");
}

}  // namespace hull::unpack
