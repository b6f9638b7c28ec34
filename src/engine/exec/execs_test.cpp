#include "engine/exec/execs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <thread>

#include "base/files.h"
#include "base/ids.h"

namespace hull::engine {
namespace {

using containerd::TaskExit;
using containerd::TaskInfo;
using containerd::TaskName;
using containerd::TaskStatus;

/// A supervisor that does what a test says.
class FakeTasks final : public containerd::Tasks {
 public:
  std::function<Result<int64_t>(const TaskName&)> on_start = [](const TaskName&) { return int64_t{77}; };
  std::function<Result<TaskInfo>(const TaskName&)> on_get = [](const TaskName&) {
    return not_found("no such process");
  };
  std::vector<std::string> calls;

  Result<int64_t> create(const Call&, const containerd::NewTask&) override { return unimplemented("create"); }
  Result<void> add_exec(const Call&, const containerd::NewExec& exec) override {
    note("add " + exec.id);
    return {};
  }
  Result<int64_t> start(const Call&, const TaskName& name) override { return on_start(name); }
  Result<TaskExit> remove(const Call&, const TaskName& name) override {
    note("remove " + name.exec);
    return TaskExit{};
  }
  Result<void> kill(const Call&, const TaskName&, int, containerd::Target) override { return {}; }
  Result<void> resize(const Call&, const TaskName&, uint32_t, uint32_t) override { return {}; }
  Result<void> close_stdin(const Call&, const TaskName&) override { return {}; }
  Result<void> pause(const Call&, const std::string&) override { return {}; }
  Result<void> resume(const Call&, const std::string&) override { return {}; }
  Result<void> update(const Call&, const std::string&, const std::string&) override { return {}; }
  Result<TaskInfo> get(const Call&, const TaskName& name) override { return on_get(name); }
  Result<std::vector<TaskInfo>> list(const Call&) override { return std::vector<TaskInfo>(); }
  Result<std::vector<int64_t>> pids(const Call&, const std::string&) override { return std::vector<int64_t>(); }

  std::vector<std::string> noted() {
    std::lock_guard lock(mutex_);
    return calls;
  }

 private:
  void note(std::string call) {
    std::lock_guard lock(mutex_);
    calls.push_back(std::move(call));
  }
  std::mutex mutex_;
};

/// Keeps events, and lets a test wait for one.
class Events final : public EventSink {
 public:
  void publish(Event event) override {
    std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
  }
  Event wait_for(const std::string& action) {
    std::unique_lock lock(mutex_);
    const auto find = [&] {
      return std::find_if(events_.begin(), events_.end(), [&](const Event& e) { return e.action == action; });
    };
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), [&] { return find() != events_.end(); })) << action;
    return find() == events_.end() ? Event{} : *find();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> events_;
};

class ExecsTest : public ::testing::Test {
 protected:
  ExecsTest() : pump_(MUST(stdio::Pump::start(1))) {
    settings_.exec_root = "/tmp/hull-execs-" + random_hex(12);
    MUST(make_directories(settings_.exec_root + "/fifo/c1", 0700));
    auto record = std::make_shared<ContainerRecord>();
    record->id = "c1";
    record->name = "web";
    record->state.phase = Phase::kRunning;
    record->state.pid = ::getpid();  // its root is ours: accounts are found
    record->config.image = "box";
    container_ = std::make_shared<Container>(record, stdio::Hub::create(*pump_));
    MUST(index_.reserve("web", "c1"));
    index_.add(container_);
    execs_ = std::make_unique<Execs>(Execs::Needs{index_, tasks_, *pump_, events_, settings_});
  }
  ~ExecsTest() override {
    execs_.reset();
    MUST(remove_tree(settings_.exec_root));
  }

  static api::CreateExec command(std::vector<std::string> words) {
    api::CreateExec request;
    request.cmd.items = std::move(words);
    return request;
  }
  std::string create() { return MUST(execs_->create("web", command({"ls", "-l"}))); }
  Result<void> start(const std::string& id) { return execs_->start(MUST(execs_->find(id)), api::StartExec{}, nullptr); }
  void become(Phase phase) {
    auto next = std::make_shared<ContainerRecord>(*container_->record());
    next->state.phase = phase;
    container_->publish(std::move(next));
  }

  ContainerSettings settings_;
  std::unique_ptr<stdio::Pump> pump_;
  FakeTasks tasks_;
  Events events_;
  ContainerIndex index_;
  ContainerPtr container_;
  std::unique_ptr<Execs> execs_;
};

TEST_F(ExecsTest, ItNeedsACommandAndARunningContainer) {
  EXPECT_EQ(execs_->create("web", command({})).error().message(), "No exec command specified");
  EXPECT_TRUE(execs_->create("nobody", command({"ls"})).is(Code::kNotFound));
  EXPECT_EQ(execs_->find("nothing").error().message(), "No such exec instance: nothing");
  become(Phase::kPaused);
  EXPECT_EQ(execs_->create("web", command({"ls"})).error().message(),
            "Container c1 is paused, unpause the container before exec");
  become(Phase::kExited);
  EXPECT_EQ(execs_->create("web", command({"ls"})).error().message(), "Container c1 is not running");
}

TEST_F(ExecsTest, LivesFromCreateToItsEnd) {
  const std::string id = create();
  EXPECT_FALSE(MUST(execs_->inspect(id)).running);
  EXPECT_TRUE(execs_->resize(id, 80, 24).is(Code::kConflict));
  MUST(start(id));
  EXPECT_TRUE(MUST(execs_->inspect(id)).running);
  EXPECT_EQ(MUST(execs_->inspect(id)).pid, 77);
  EXPECT_TRUE(execs_->resize(id, 80, 24).ok());
  EXPECT_NE(start(id).error().message().find("is already running"), std::string::npos);
  execs_->on_exit({"c1", id}, {3, now()});
  EXPECT_EQ(events_.wait_for("exec_die").attributes.at("exitCode"), "3");
  EXPECT_EQ(MUST(execs_->inspect(id)).exit_code, 3);
  EXPECT_NE(start(id).error().message().find("has already run"), std::string::npos);
  EXPECT_EQ(events_.wait_for("exec_start: ls -l").attributes.at("execID"), id);
}

TEST_F(ExecsTest, AnEndThatComesBeforeTheStartIsAnsweredCounts) {
  const std::string id = create();
  tasks_.on_start = [&](const TaskName& name) {
    execs_->on_exit(name, {5, now()});
    events_.wait_for("exec_die");
    return int64_t{78};
  };
  MUST(start(id));
  const auto seen = MUST(execs_->inspect(id));
  EXPECT_FALSE(seen.running);
  EXPECT_EQ(seen.exit_code, 5);
}

TEST_F(ExecsTest, WhoIsToldOfTheEndIsLetGoAfterwards) {
  // It may hold the exec, which holds it.
  auto held = std::make_shared<int>();
  const std::weak_ptr<int> seen = held;
  const std::string id = create();
  const ExecPtr exec = MUST(execs_->find(id));
  std::promise<int64_t> told;
  MUST(execs_->start(exec, nullptr, [&told, exec, held](int64_t code) { told.set_value(code); }));
  held.reset();
  EXPECT_FALSE(seen.expired());
  execs_->on_exit({"c1", id}, {3, now()});
  EXPECT_EQ(told.get_future().get(), 3);
  while (!seen.expired()) std::this_thread::yield();

  tasks_.on_start = [](const TaskName&) -> Result<int64_t> { return internal_error("no"); };
  held = std::make_shared<int>();
  const std::weak_ptr<int> unused = held;
  const ExecPtr failing = MUST(execs_->find(create()));
  EXPECT_FALSE(execs_->start(failing, nullptr, [failing, held](int64_t) { FAIL(); }).ok());
  held.reset();
  EXPECT_TRUE(unused.expired());
}

TEST_F(ExecsTest, AFailedStartEndsAsAShellWouldSay) {
  for (const auto& [message, code] : std::vector<std::pair<std::string, int>>{
           {"exec: \"nosuch\": executable file not found in $PATH", 127}, {"exec: \"/etc\": permission denied", 126}}) {
    const std::string id = create();
    tasks_.on_start = [&, text = message](const TaskName&) -> Result<int64_t> { return internal_error(text); };
    EXPECT_EQ(start(id).error().message(), message);
    EXPECT_EQ(MUST(execs_->inspect(id)).exit_code, code);
    EXPECT_EQ(tasks_.noted().back(), "remove " + id);
    EXPECT_NE(start(id).error().message().find("has already run"), std::string::npos);
  }
}

TEST_F(ExecsTest, AnExitNobodyToldIsFoundOut) {
  const std::string gone = create();
  const std::string stopped = create();
  const std::string running = create();
  for (const auto& id : {gone, stopped, running}) MUST(start(id));
  tasks_.on_get = [&](const TaskName& name) -> Result<TaskInfo> {
    if (name.exec == gone) return not_found("no such process");
    return TaskInfo{name, 77, name.exec == stopped ? TaskStatus::kStopped : TaskStatus::kRunning, 9, now()};
  };
  execs_->reconcile();
  const auto ended = [&](const std::string& id) {
    while (MUST(execs_->inspect(id)).running) std::this_thread::yield();
    return MUST(execs_->inspect(id)).exit_code;
  };
  EXPECT_EQ(ended(gone), 137);
  EXPECT_EQ(ended(stopped), 9);
  EXPECT_TRUE(MUST(execs_->inspect(running)).running);
}

TEST_F(ExecsTest, TheContainersEndIsTheirEnd) {
  const std::string running = create();
  const std::string never_started = create();
  MUST(start(running));
  execs_->on_container_exit("c1");
  EXPECT_EQ(events_.wait_for("exec_die").attributes.at("exitCode"), "137");
  EXPECT_TRUE(execs_->find(never_started).is(Code::kNotFound)) << "it can't be started any more";
  EXPECT_EQ(MUST(execs_->inspect(running)).exit_code, 137);
}

}  // namespace
}  // namespace hull::engine
