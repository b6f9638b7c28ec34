#include "linux/processes.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "base/files.h"
#include "base/ids.h"
#include "base/spawn.h"
#include "base/sys.h"

namespace hull::linux {
namespace {

class ProcessesTest : public testing::Test {
 protected:
  void SetUp() override {
    MUST(sys::mkdir(directory_, 0700));
    pipe_ = MUST(sys::pipe());
  }
  void TearDown() override {
    for (const pid_t pid : started_) {
      (void)sys::kill(pid, SIGKILL).ok();
      (void)sys::waitpid(pid, 0).ok();
    }
    MUST(remove_tree(directory_));
  }
  /// Returns once it has become the program.
  pid_t sleeper(const std::string& where, const std::string& word) {
    started_.push_back(MUST(spawn({"sh", "-c", "read line; :", word},
                                  {.directory = where, .descriptors = {{0, pipe_.read}}, .environment = {}})));
    return started_.back();
  }

  const std::string directory_ = "/tmp/hull-processes-" + random_hex(16);
  sys::Pipe pipe_;
  std::vector<pid_t> started_;
};

TEST_F(ProcessesTest, ThoseWithTheWordInTheDirectoryEnd) {
  const pid_t one = sleeper(directory_, "web");
  const pid_t two = sleeper(directory_, "web");
  const pid_t onlooker = sleeper(directory_, "webs");
  const pid_t elsewhere = sleeper("/", "web");
  EXPECT_EQ(MUST(processes_in(directory_, "web")), (std::vector{std::min(one, two), std::max(one, two)}));
  MUST(kill_processes_in(directory_, "web", std::chrono::seconds(10)));
  EXPECT_EQ(MUST(sys::waitpid(one, WNOHANG))->exit_code(), 128 + SIGKILL);
  EXPECT_EQ(MUST(sys::waitpid(two, WNOHANG))->exit_code(), 128 + SIGKILL);
  EXPECT_FALSE(MUST(sys::waitpid(onlooker, WNOHANG)));
  EXPECT_FALSE(MUST(sys::waitpid(elsewhere, WNOHANG)));
  MUST(kill_processes_in(directory_, "web", std::chrono::seconds(10)));
  started_ = {onlooker, elsewhere};
}

TEST_F(ProcessesTest, AMissingDirectoryIsAnError) {
  EXPECT_TRUE(kill_processes_in(directory_ + "/gone", "web", std::chrono::seconds(1)).is(Code::kNotFound));
}

}  // namespace
}  // namespace hull::linux
