#include "base/spawn.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/files.h"
#include "base/sys.h"
#include "base/text.h"

namespace hull {
namespace {

struct Ended {
  int code = 0;
  std::string printed;
};

Result<Ended> run(const std::vector<std::string>& argv, SpawnOptions options = {}) {
  const auto output = TRY(sys::memfd_create("output", 0));
  options.descriptors.emplace_back(1, output);
  const pid_t pid = TRY(spawn(argv, options));
  Ended ended{.code = TRY(sys::waitpid(pid, 0))->exit_code(), .printed = {}};
  TRY(sys::lseek(output, 0, SEEK_SET));
  ended.printed = trim(TRY(read_all(output, 1_MiB)));
  return ended;
}

TEST(Spawn, GivesDirectoryDescriptorsAndEnvironment) {
  ::setenv("HULL_SPAWN_KEPT", "kept", 1);
  ::setenv("HULL_SPAWN_CHANGED", "old", 1);
  const auto ended = MUST(run({"sh", "-c", "pwd; echo $HULL_SPAWN_KEPT $HULL_SPAWN_CHANGED; exit 7"},
                              {.directory = "/usr", .descriptors = {}, .environment = {"HULL_SPAWN_CHANGED=new"}}));
  EXPECT_EQ(ended.code, 7);
  EXPECT_EQ(ended.printed, "/usr\nkept new");
}

TEST(Spawn, ADescriptorMayKeepItsNumber) {
  const auto file = MUST(sys::memfd_create("same", 0));
  MUST(sys::write_all(file, "text"));
  MUST(sys::lseek(file, 0, SEEK_SET));
  SpawnOptions options;
  options.descriptors.emplace_back(file.get(), file);
  EXPECT_EQ(MUST(run({"cat", "/proc/self/fd/" + std::to_string(file.get())}, options)).printed, "text");
}

TEST(Spawn, WhatWasOpenedWithoutCloexecIsNotInherited) {
  const int loose = ::dup(1);
  ASSERT_GE(loose, 3);
  const auto ended = MUST(run({"test", "-e", "/proc/self/fd/" + std::to_string(loose)}));
  ::close(loose);
  EXPECT_EQ(ended.code, 1);
}

TEST(Spawn, SignalsAreBackAtTheirDefaults) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  const auto pipe_before = ::signal(SIGPIPE, SIG_IGN);
  const auto usr_before = ::signal(SIGUSR1, [](int) {});
  const auto ended = MUST(run({"sed", "-n", "/^Sig[BC]/p", "/proc/self/status"}));
  const auto broken_pipe = MUST(run({"sh", "-c", "kill -PIPE $$; echo alive"}));
  ::signal(SIGPIPE, pipe_before);
  ::signal(SIGUSR1, usr_before);
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, &before, &after);
  EXPECT_EQ(ended.printed, "SigBlk:\t0000000000000000\nSigCgt:\t0000000000000000");
  EXPECT_EQ(broken_pipe.printed, "");
  EXPECT_EQ(::sigismember(&after, SIGTERM), 1) << "the mask of the parent has changed";
}

TEST(Spawn, SaysWhatCouldNotBeStarted) {
  const auto missing = spawn({"hull-no-such-program"}, {});
  EXPECT_TRUE(missing.is(Code::kNotFound));
  EXPECT_EQ(missing.error().message(), "exec: \"hull-no-such-program\": executable file not found in $PATH");
  EXPECT_FALSE(spawn({"true"}, {.directory = "/no/such/directory", .descriptors = {}, .environment = {}}).ok());
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

TEST(Spawn, ChildrenKeepTheDescriptorLimitThatWeCameWith) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 321;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  raise_descriptor_limit();
  rlimit raised{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &raised), 0);
  EXPECT_EQ(raised.rlim_cur, before.rlim_max);
  EXPECT_EQ(MUST(run({"sh", "-c", "ulimit -Sn; ulimit -Hn"})).printed,
            "321\n" + (before.rlim_max == RLIM_INFINITY ? "unlimited" : std::to_string(before.rlim_max)));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace hull
