#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "base/sys.h"
#include "engine/containers/containers.h"

/// What the container family stands on, for tests: a supervisor in memory, and families that say yes.
namespace hull::engine::test {

/// Tasks that run, as this very process, until they are killed; a test changes what a call does through `before`.
class FakeTasks final : public containerd::Tasks {
 public:
  /// Called with "create a", "start a" … before the step, without a lock; an error is the answer.
  std::function<Result<void>(const std::string& step)> before = [](const std::string&) { return Result<void>(); };

  /// It answers neither list() nor remove().
  std::atomic<bool> silent = false;

  Result<int64_t> create(const Call&, const containerd::NewTask& task) override {
    TRY(note("create " + task.id));
    std::lock_guard lock(mutex_);
    if (tasks_.contains(task.id)) return already_exists("task " + task.id + ": already exists");
    tasks_[task.id] = {.name = {task.id, ""}, .pid = ::getpid(), .status = containerd::TaskStatus::kCreated};
    return ::getpid();
  }
  Result<int64_t> start(const Call&, const containerd::TaskName& name) override {
    TRY(note("start " + (name.exec.empty() ? name.container : name.exec)));
    if (!name.exec.empty()) return ::getpid();
    return set(name.container, containerd::TaskStatus::kRunning);
  }
  Result<containerd::TaskExit> remove(const Call& call, const containerd::TaskName& name) override {
    TRY(note("remove " + name.container));
    if (silent) return wait_in_vain(call);
    if (!name.exec.empty()) return containerd::TaskExit();
    std::lock_guard lock(mutex_);
    const auto found = tasks_.find(name.container);
    if (found == tasks_.end()) return not_found("no task " + name.container);
    if (found->second.status != containerd::TaskStatus::kStopped) return failed_precondition("task runs");
    const containerd::TaskExit exit{found->second.exit_code, now()};
    tasks_.erase(found);
    return exit;
  }
  Result<void> kill(const Call&, const containerd::TaskName& name, int number, containerd::Target) override {
    TRY(note("kill " + name.container));
    TRY(set(name.container, containerd::TaskStatus::kStopped, 128 + number));
    return {};
  }
  Result<void> pause(const Call&, const std::string& id) override {
    TRY(note("pause " + id));
    TRY(set(id, containerd::TaskStatus::kPaused));
    return {};
  }
  Result<void> resume(const Call&, const std::string& id) override {
    TRY(note("resume " + id));
    TRY(set(id, containerd::TaskStatus::kRunning));
    return {};
  }
  Result<containerd::TaskInfo> get(const Call&, const containerd::TaskName& name) override {
    std::lock_guard lock(mutex_);
    const auto found = tasks_.find(name.container);
    if (found == tasks_.end()) return not_found("no task " + name.container);
    return found->second;
  }
  Result<std::vector<containerd::TaskInfo>> list(const Call& call) override {
    if (silent) return wait_in_vain(call);
    std::lock_guard lock(mutex_);
    std::vector<containerd::TaskInfo> all;
    for (const auto& [id, task] : tasks_) all.push_back(task);
    return all;
  }
  Result<void> add_exec(const Call&, const containerd::NewExec&) override { return {}; }
  Result<void> resize(const Call&, const containerd::TaskName&, uint32_t, uint32_t) override { return {}; }
  Result<void> close_stdin(const Call&, const containerd::TaskName&) override { return {}; }
  Result<void> update(const Call&, const std::string&, const std::string&) override { return {}; }
  Result<std::vector<int64_t>> pids(const Call&, const std::string&) override { return std::vector<int64_t>(); }

  std::vector<std::string> steps() {
    std::lock_guard lock(mutex_);
    return steps_;
  }
  bool has(const std::string& id) {
    std::lock_guard lock(mutex_);
    return tasks_.contains(id);
  }

 private:
  Result<void> note(const std::string& step) {
    {
      std::lock_guard lock(mutex_);
      steps_.push_back(step);
    }
    return before(step);
  }
  static Error wait_in_vain(const Call& call) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_until(lock, call.stop, call.deadline, [] { return false; });
    return unavailable("the supervisor does not answer");
  }
  Result<int64_t> set(const std::string& id, containerd::TaskStatus status, int64_t exit_code = 0) {
    std::lock_guard lock(mutex_);
    const auto found = tasks_.find(id);
    if (found == tasks_.end()) return not_found("no task " + id);
    found->second.status = status;
    found->second.exit_code = exit_code;
    return found->second.pid;
  }
  std::mutex mutex_;
  std::map<std::string, containerd::TaskInfo> tasks_;
  std::vector<std::string> steps_;
};

class FakeRecords final : public containerd::ContainerRecords {
 public:
  explicit FakeRecords(FakeTasks& tasks) : tasks_(tasks) {}
  Result<void> create(const Call&, const containerd::ContainerRecord& record) override {
    std::lock_guard lock(mutex_);
    return ids_.insert(record.id).second ? Result<void>() : already_exists("container " + record.id);
  }
  Result<void> remove(const Call&, const std::string& id) override {
    if (tasks_.has(id)) return failed_precondition("a task stands on container " + id);
    std::lock_guard lock(mutex_);
    return ids_.erase(id) == 1 ? Result<void>() : not_found("no container " + id);
  }
  Result<std::vector<std::string>> list_ids(const Call&) override { return std::vector<std::string>(); }

 private:
  FakeTasks& tasks_;
  std::mutex mutex_;
  std::set<std::string> ids_;
};

class FakeRootfs final : public RootfsStore {
 public:
  std::function<void()> on_remove;

  Result<std::vector<containerd::Mount>> prepare(const Call&, const std::string&, const std::string&) override {
    return std::vector<containerd::Mount>();
  }
  Result<std::vector<std::string>> list(const Call&) override { return std::vector<std::string>(); }
  Result<void> remove(const Call&, const std::string&) override {
    if (on_remove) on_remove();
    return {};
  }
  Result<int64_t> size(const Call&, const std::string&) override { return 0; }
  Result<int64_t> image_size(const Call&, const std::string&) override { return 0; }
};

class FakeSandboxes final : public SandboxProvider {
 public:
  std::vector<std::vector<std::string>> swept;

  Result<void> validate(const SandboxRequest&) override { return {}; }
  Result<Sandbox> create(const SandboxRequest&) override { return Sandbox(); }
  Result<void> remove(const std::string&) override { return {}; }
  Result<Sandbox> adopt(const SandboxRequest&) override { return Sandbox(); }
  void rename(const std::string&, const std::string&) override {}
  void sweep(const std::vector<std::string>& running) override { swept.push_back(running); }
};

class NoImages final : public ImageSource {
 public:
  Result<ContainerImage> resolve(const std::string& name, const std::string&) override {
    return not_found("No such image: " + name);
  }
};

class NoVolumes final : public VolumeSource {
 public:
  Result<VolumeUse> acquire(const VolumeRequest&, const std::string&) override { return unimplemented("volumes"); }
  void hold(const std::string&, const std::string&) override {}
  void release(const std::string&, const std::string&) override {}
  Result<void> discard(const std::string&) override { return {}; }
  Result<void> remove_anonymous(const std::string&) override { return {}; }
  Result<std::string> mount(const std::string&, const std::string&) override { return unimplemented("volumes"); }
  void unmount(const std::string&, const std::string&) override {}
};

/// Keeps events, and lets a test wait for one.
class Events final : public EventSink {
 public:
  void publish(Event event) override {
    std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
  }
  void wait_for(const std::string& action, const std::string& id) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20),
                                  [&] {
                                    return std::ranges::any_of(events_, [&](const Event& e) {
                                      return e.action == action && e.actor_id == id;
                                    });
                                  }))
        << action << " " << id;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> events_;
};

/// The container family upon all that, in a directory of its own.
class ContainersTest : public ::testing::Test {
 protected:
  ContainersTest() : pump_(MUST(stdio::Pump::start(1))) {
    root_ = "/tmp/hull-containers-" + random_hex(12);
    settings_.data_root = root_ + "/data";
    settings_.exec_root = root_ + "/run";
    MUST(make_directories(settings_.data_root + "/rootfs", 0755));
  }
  ~ContainersTest() override {
    containers_.reset();
    MUST(remove_tree(root_));
  }
  /// Of the next daemon, where there was one.
  void open() {
    containers_.reset();
    containers_ =
        MUST(Containers::open(settings_, {images_, sandboxes_, volumes_, events_, tasks_, records_, rootfs_, *pump_}));
  }
  /// One that a daemon before the next open() left.
  void leave(const std::string& id, Phase phase, const std::function<void(ContainerRecord&)>& edit = {}) {
    ContainerRecord record;
    record.id = id;
    record.name = "name-" + id;
    record.host.log_config.type = "none";
    record.host.network_mode = "none";
    record.command = {"sh"};
    record.rootfs = {{"bind", settings_.data_root + "/rootfs", "", {}}};
    record.state.phase = phase;
    if (edit) edit(record);
    MUST(MUST(RecordStore::open(settings_.data_root + "/containers.db")).insert(record));
  }
  void leave_task(const std::string& id) {
    containerd::NewTask task;
    task.id = id;
    containerd::ContainerRecord record;
    record.id = id;
    MUST(records_.create({}, record));
    MUST(tasks_.create({}, task));
    MUST(tasks_.start({}, {id, ""}));
  }
  ContainerPtr find(const std::string& id) { return MUST(containers_->find(id)); }
  Lifecycle& lifecycle() { return containers_->lifecycle(); }
  static Phase phase(const ContainerPtr& container) { return container->record()->state.phase; }
  /// Waits until the container is in that phase.
  static void reaches(const ContainerPtr& container, Phase wanted) {
    const auto seen = container->wait(
        Call::within(std::chrono::seconds(20)),
        [&](const ContainerRecord& record, const Container::Moment&) { return record.state.phase == wanted; });
    EXPECT_TRUE(seen.ok()) << "phase is " << json::name_of(phase(container));
  }

  std::string root_;
  ContainerSettings settings_;
  std::unique_ptr<stdio::Pump> pump_;
  NoImages images_;
  FakeSandboxes sandboxes_;
  NoVolumes volumes_;
  Events events_;
  FakeTasks tasks_;
  FakeRecords records_{tasks_};
  FakeRootfs rootfs_;
  std::unique_ptr<Containers> containers_;
};

}  // namespace hull::engine::test
