#include "programs/hulld/supervisor_process.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/files.h"
#include "base/ids.h"

namespace hull::daemon {
namespace {

TEST(SupervisorProcess, OneThatNeverListensIsEndedAndReaped) {
  const std::string root = "/tmp/hull-supervisor-" + random_hex(12);
  MUST(make_directories(root, 0700));
  MUST(replace_file(root + "/deaf", "#!/bin/sh\nexec sleep 1000\n", 0755, Durable::kNo));
  SupervisorSettings settings{.program = root + "/deaf", .root = root, .state = root, .socket = root + "/socket"};
  settings.start_time = std::chrono::milliseconds(1);
  const auto started = SupervisorProcess::start(settings);
  EXPECT_TRUE(started.is(Code::kUnavailable));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no child is left";
  EXPECT_EQ(errno, ECHILD);
  MUST(remove_tree(root));
}

}  // namespace
}  // namespace hull::daemon
