#include "engine/logs/spool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "base/files.h"
#include "base/ids.h"
#include "base/sys.h"
#include "engine/logs/json_file.h"
#include "engine/logs/reader.h"

namespace hull::engine::logs {
namespace {

constexpr std::array kBoth = {Stream::kStdout, Stream::kStderr};

class ByStream final : public Consumer {
 public:
  Result<void> take(const Entry& entry) override {
    texts[static_cast<size_t>(entry.stream)] += entry.text;
    return {};
  }
  Result<void> flush() override { return {}; }
  std::array<std::string, kStreams> texts;
};

/// A container's two FIFOs with all that it ever writes in them, and the directory of its log.
class SpoolTest : public ::testing::Test {
 protected:
  SpoolTest() {
    MUST(make_directories(directory_, 0700));
    options_.compress = false;  // in the background, on a thread: the kill is to meet this one
  }
  ~SpoolTest() override { (void)remove_tree(directory_).ok(); }

  void fill(Stream stream, std::string text) {
    const auto index = static_cast<size_t>(stream);
    const std::string path = directory_ + "/fifo" + std::to_string(index);
    MUST(sys::mkfifo(path, 0600));
    fifos_[index] = MUST(sys::open(path, O_RDONLY | O_NONBLOCK));
    MUST(sys::write_all(MUST(sys::open(path, O_WRONLY)), text));
    written_[index] = std::move(text);
  }

  /// What the engine does with a container's output, until both streams have ended.
  void move_all() {
    const auto log = MUST(JsonFile::open(path_, options_, "", MUST(Spool::open(directory_))));
    std::vector<char> buffer(buffer_size_);
    std::array<bool, kStreams> ended = {};
    while (!ended[0] || !ended[1]) {
      for (const Stream stream : kBoth) {
        const auto index = static_cast<size_t>(stream);
        if (ended[index]) continue;
        const auto got = MUST(log->take(stream, fifos_[index], buffer));
        if (*got > 0) log->write(stream, {buffer.data(), *got});
        if (*got == 0) log->finish(stream);
        ended[index] = *got == 0;
      }
    }
  }

  /// The same in a process that is killed at its n-th stop, at the entry to or return from a system call; false where
  /// it got through before.
  bool move_killed_at(int n) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      ::raise(SIGSTOP);
      move_all();
      ::_exit(0);
    }
    int status = 0;
    for (int stops = 0; ::waitpid(child, &status, 0) == child && WIFSTOPPED(status); ++stops) {
      if (stops == 0) ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD);
      if (stops == n) ::kill(child, SIGKILL);
      ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    }
    EXPECT_TRUE(WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) << status;
    return WIFSIGNALED(status);
  }

  std::array<std::string, kStreams> logged() {
    ByStream got;
    MUST(read_log(path_, {}, nullptr, {}, got));
    return got.texts;
  }

  /// Kills at each step, and once more at some step of the taking over; then all must be there once.
  void kill_everywhere(const std::string& out, const std::string& err) {
    bool killed = true;
    // Every second stop is the return from a call: its entry will do, since only calls change anything.
    for (int n = 1; killed && !HasFailure(); n += 2) {
      MUST(remove_tree(directory_));
      MUST(make_directories(directory_, 0700));
      fill(Stream::kStdout, out);
      fill(Stream::kStderr, err);
      killed = move_killed_at(n);
      if (killed) (void)move_killed_at(n * 7 % 60 + 1);
      move_all();
      EXPECT_TRUE(logged() == written_) << "killed at step " << n;
    }
  }

  const std::string directory_ = "/tmp/containers-spool-" + random_hex(12);
  const std::string path_ = directory_ + "/c-json.log";
  Options options_;
  size_t buffer_size_ = 300;
  std::array<UniqueFd, kStreams> fifos_;
  std::array<std::string, kStreams> written_;
};

std::string lines(std::string_view name, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::string(name) + " " + std::to_string(i) + "\n";
  return text;
}

TEST_F(SpoolTest, AKillAtAnyStepLosesNoLineAndDoublesNone) {
  kill_everywhere(lines("same", 3) + lines("same", 60) + "no end", lines("error", 20));
}

TEST_F(SpoolTest, NorDoesItWhileTheLogIsRotated) {
  options_.max_size = Bytes(700);
  options_.max_files = 8;
  kill_everywhere(lines("out", 30), lines("error", 10) + "\n\n\nno end");
}

TEST_F(SpoolTest, NorInLinesThatAreStoredInParts) {
  buffer_size_ = 9000;
  kill_everywhere(std::string(2 * JsonFile::kMaxLine + 10, 'x') + "\n" + std::string(JsonFile::kMaxLine, 'y') + "\n",
                  "\x01\xc3\xa9\"");
}

TEST_F(SpoolTest, WhatIsInTheLogIsGivenBack) {
  buffer_size_ = 64 * 1024;
  const auto log = MUST(JsonFile::open(path_, options_, "", MUST(Spool::open(directory_))));
  std::vector<char> buffer(buffer_size_);
  for (int round = 0; round < 50; ++round) {
    const auto pipe = MUST(sys::pipe(O_NONBLOCK));
    MUST(sys::write_all(pipe.write, std::string(60'000, 'x') + "\n"));
    const auto got = MUST(log->take(Stream::kStdout, pipe.read, buffer));
    log->write(Stream::kStdout, {buffer.data(), *got});
  }
  EXPECT_LT(MUST(sys::stat(directory_ + "/spool-1")).st_blocks * 512, 512 * 1024);
  EXPECT_EQ(logged()[0].size(), 50u * 60'001u);
}

TEST_F(SpoolTest, WithoutRoomForItTheLogGoesOn) {
  fill(Stream::kStdout, lines("out", 100));
  fill(Stream::kStderr, lines("error", 100));
  MUST(make_directories(directory_ + "/spool-2", 0700));  // can't be opened as a file
  move_all();
  EXPECT_EQ(logged(), written_);
  EXPECT_FALSE(sys::stat(directory_ + "/spool-mark").ok());
}

TEST_F(SpoolTest, WhatIsNotOursIsNotBelieved) {
  fill(Stream::kStdout, "out\n");
  fill(Stream::kStderr, "");
  move_all();
  for (const std::string& text : {std::string(), std::string(1000, 'x'), MUST(read_file(directory_ + "/spool-mark"))}) {
    MUST(replace_file(directory_ + "/spool-mark", text, 0600, Durable::kNo));
    MUST(replace_file(directory_ + "/spool-1", "ou", 0600, Durable::kNo));  // shorter than the mark says
    move_all();
    EXPECT_EQ(logged()[0], "out\n");
  }
}

}  // namespace
}  // namespace hull::engine::logs
