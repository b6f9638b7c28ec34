#include "programs/hull-unpack/sandbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "base/files.h"
#include "base/sys.h"

namespace hull::unpack {
namespace {

/// What a process that was taken over tries.
class Prisoner : public ::testing::Test {
 protected:
  Prisoner() {
    char name[] = "/tmp/hull-sandbox-XXXXXX";
    root_ = ::mkdtemp(name);
    MUST(sys::mkdir(root_ + "/layer", 0755));
  }
  ~Prisoner() override { (void)remove_tree(root_); }
  /// In the sandbox, with the directory that it has; 0 where all went as it should, else the number of what did not.
  int run(const std::function<int(int layer)>& act) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      const auto layer = detach(MUST(sys::open(root_ + "/layer", O_RDONLY | O_DIRECTORY)), Access::kWrite);
      if (!layer.ok() || !enter_sandbox().ok()) ::_exit(100);
      ::_exit(act(layer->get()));
    }
    return MUST(sys::waitpid(pid, 0))->exit_code();
  }
  std::string root_;
};

TEST_F(Prisoner, SeesNoFileOfTheHost) {
  const pid_t parent = ::getpid();
  EXPECT_EQ(run([parent](int layer) {
              if (::access("/etc/passwd", F_OK) == 0) return 1;
              if (::access("/proc/self/fd", F_OK) != 0) return 2;
              if (::access(("/proc/" + std::to_string(parent) + "/root").c_str(), F_OK) == 0) return 3;
              if (::access("/proc/sysrq-trigger", F_OK) == 0) return 4;
              if (::mkdirat(AT_FDCWD, "/x", 0755) == 0) return 5;
              struct stat here {};
              struct stat above {};
              const int up = ::openat(layer, "../../..", O_RDONLY | O_DIRECTORY);
              if (::fstat(layer, &here) != 0 || up < 0 || ::fstat(up, &above) != 0) return 6;
              return here.st_ino == above.st_ino ? 0 : 7;
            }),
            0);
}

TEST_F(Prisoner, CanNeitherTalkNorStartNorEndAnything) {
  const pid_t parent = ::getpid();
  EXPECT_EQ(run([parent](int) {
              if (::socket(AF_UNIX, SOCK_STREAM, 0) >= 0) return 1;
              if (::socket(AF_INET, SOCK_STREAM, 0) >= 0) return 2;
              if (::kill(parent, 0) == 0) return 3;
              if (::fork() >= 0) return 4;
              if (::mount("tmpfs", "/proc", "tmpfs", 0, nullptr) == 0) return 5;
              if (::ptrace(PTRACE_SEIZE, parent, nullptr, nullptr) == 0) return 6;
              char* const argv[] = {nullptr};
              if (::execve("/proc/self/exe", argv, argv) == 0) return 7;
              if (::chroot("/proc") == 0) return 8;
              struct rlimit limit {};
              if (::prlimit(parent, RLIMIT_NOFILE, nullptr, &limit) == 0) return 9;
              if (::syscall(SYS_tgkill, parent, parent, 0) == 0) return 10;
              if (::setuid(1000) == 0) return 11;
              return 0;
            }),
            0);
}

TEST_F(Prisoner, CanDoWhatALayerTakes) {
  EXPECT_EQ(run([](int layer) {
              int thread_ran = 0;
              std::thread([&] { thread_ran = 1; }).join();
              if (thread_ran != 1) return 1;
              const int file = ::openat(layer, "f", O_WRONLY | O_CREAT | O_EXCL, 0600);
              if (file < 0 || ::write(file, "x", 1) != 1) return 2;
              if (::fchown(file, 123456, 7) != 0 || ::fchmod(file, 04755) != 0) return 3;
              if (::fsetxattr(file, "trusted.hull", "v", 1, 0) != 0 && errno != ENOTSUP) return 4;
              if (::mknodat(layer, "null", S_IFCHR | 0666, 0x103) != 0) return 5;
              if (::chmod(("/proc/self/fd/" + std::to_string(file)).c_str(), 0644) != 0) return 6;
              return ::openat(layer, "null", O_WRONLY) < 0 ? 0 : 7;  // it can make devices, not open them
            }),
            0);
  EXPECT_EQ(MUST(sys::stat(root_ + "/layer/f")).st_uid, 123456u);
}

TEST_F(Prisoner, DiesWithItsParent) {
  auto pipe = MUST(sys::pipe());
  const pid_t middle = ::fork();
  if (middle == 0) {
    if (::fork() == 0) {
      const auto layer = detach(MUST(sys::open(root_ + "/layer", O_RDONLY | O_DIRECTORY)), Access::kRead);
      const bool inside = layer.ok() && enter_sandbox().ok();
      (void)sys::write_all(pipe.write, inside ? "i" : "o").ok();
      char more = 0;
      (void)::poll(nullptr, 0, -1);
      ::_exit(more);
    }
    pipe.write.reset();
    ::pause();
  }
  pipe.write.reset();
  char said = 0;
  ASSERT_EQ(MUST(sys::read(pipe.read, {&said, 1})), 1u);
  EXPECT_EQ(said, 'i');
  MUST(sys::kill(middle, SIGKILL));
  MUST(sys::waitpid(middle, 0));
  EXPECT_EQ(MUST(sys::read(pipe.read, {&said, 1})), 0u);  // its end of the pipe is closed: it is gone
}

}  // namespace
}  // namespace hull::unpack
