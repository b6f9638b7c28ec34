#include "engine/containers/lifecycle.h"

#include <future>
#include <thread>

#include "engine/containers/test_services.h"

namespace hull::engine::test {
namespace {

using LifecycleTest = ContainersTest;
constexpr auto kSoon = std::chrono::seconds(20);

TEST_F(LifecycleTest, StartsAndTakesTheExit) {
  leave("a", Phase::kCreated);
  open();
  const auto a = find("a");
  MUST(lifecycle().start(Call::within(kSoon), a));
  EXPECT_EQ(phase(a), Phase::kRunning);
  MUST(tasks_.kill({}, {"a", ""}, 9, containerd::Target::kProcess));
  lifecycle().on_exit({"a", ""}, a->record()->state.pid, {137, now()});
  reaches(a, Phase::kExited);
  lifecycle().close();
  EXPECT_EQ(a->record()->state.exit_code, 137);
  EXPECT_FALSE(tasks_.has("a"));
}

TEST_F(LifecycleTest, SandboxesAreSweptBeforeAnythingStarts) {
  leave("a", Phase::kRunning);
  leave("b", Phase::kExited);
  open();
  const std::vector<std::vector<std::string>> once = {{"a"}};
  EXPECT_EQ(sandboxes_.swept, once);
  lifecycle().on_connected({});
  lifecycle().close();
  EXPECT_EQ(sandboxes_.swept, once) << "a start may be going on by then";
}

TEST_F(LifecycleTest, ClosedItStartsNothing) {
  leave("a", Phase::kExited, [](ContainerRecord& record) { record.host.restart_policy.name = "always"; });
  open();
  lifecycle().close();
  lifecycle().on_connected({});
  EXPECT_EQ(phase(find("a")), Phase::kExited);
}

TEST_F(LifecycleTest, ATaskThatACrashLeftIsEndedByTheNextStart) {
  leave("a", Phase::kExited);
  leave_task("a");
  open();
  const auto a = find("a");
  MUST(lifecycle().start(Call::within(kSoon), a));
  EXPECT_EQ(phase(a), Phase::kRunning);
}

TEST_F(LifecycleTest, ATaskThatNobodyClaimsIsRemovedWithWhatBelongsToIt) {
  leave("a", Phase::kExited);
  leave_task("a");
  const std::string fifos = settings_.exec_root + "/fifo/a";
  MUST(make_directories(fifos, 0700));
  open();
  lifecycle().on_connected({});
  lifecycle().close();
  EXPECT_FALSE(tasks_.has("a"));
  EXPECT_FALSE(exists(fifos));
}

TEST_F(LifecycleTest, ExitsDoNotWaitForStarts) {
  constexpr int kMany = 20;  // more than there are workers
  leave("a", Phase::kCreated);
  for (int i = 0; i < kMany; ++i) leave("r" + std::to_string(i), Phase::kRestarting);
  open();
  const auto a = find("a");
  MUST(lifecycle().start(Call::within(kSoon), a));
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  tasks_.before = [gone](const std::string& step) {
    if (step.starts_with("create r")) gone.wait();
    return Result<void>();
  };
  lifecycle().on_connected({});
  MUST(tasks_.kill({}, {"a", ""}, 9, containerd::Target::kProcess));
  lifecycle().on_exit({"a", ""}, a->record()->state.pid, {137, now()});
  reaches(a, Phase::kExited);
  go.set_value();
  lifecycle().close();
}

TEST_F(LifecycleTest, WhatShouldHaveRemovedItselfGoesWithTheNextEngine) {
  const auto remove_itself = [](ContainerRecord& record) { record.host.auto_remove = true; };
  leave("ended", Phase::kExited, remove_itself);
  leave("made", Phase::kCreated, remove_itself);
  open();
  lifecycle().on_connected({});
  lifecycle().close();
  EXPECT_TRUE(containers_->find("ended").is(Code::kNotFound));
  EXPECT_TRUE(containers_->find("made").ok()) << "its start may be on the way";
}

TEST_F(LifecycleTest, ARenameThatWaitedForTheRemovalFindsNothing) {
  leave("a", Phase::kExited);
  open();
  const auto a = find("a");
  std::promise<void> removing;
  std::promise<void> go;
  rootfs_.on_remove = [&] {
    removing.set_value();
    go.get_future().wait();
  };
  std::thread remover([&] { MUST(containers_->remover().remove(Call::within(kSoon), a, {})); });
  removing.get_future().wait();
  std::thread renamer([&] {
    EXPECT_TRUE(containers_->rename(Call::within(kSoon), "a", "other").is(Code::kNotFound));
    EXPECT_TRUE(a->take_turn_if_exists(Call::within(kSoon)).is(Code::kNotFound));
  });
  go.set_value();
  remover.join();
  renamer.join();
  EXPECT_TRUE(containers_->registry().index().reserve("other", "b").ok());
}

TEST_F(LifecycleTest, ItsOwnPauseDoesNotOutliveTheEngine) {
  for (const char* id : {"ours", "asked"}) leave(id, Phase::kCreated);
  open();
  for (const char* id : {"ours", "asked"}) MUST(lifecycle().start(Call::within(kSoon), find(id)));
  MUST(lifecycle().pause(Call::within(kSoon), find("ours"), Lifecycle::PauseReason::kForAWhile));
  MUST(lifecycle().pause(Call::within(kSoon), find("asked")));
  open();
  EXPECT_EQ(phase(find("ours")), Phase::kPaused);
  lifecycle().on_connected({});
  lifecycle().close();
  EXPECT_EQ(phase(find("ours")), Phase::kRunning);
  EXPECT_EQ(MUST(tasks_.get({}, {"ours", ""})).status, containerd::TaskStatus::kRunning);
  EXPECT_EQ(phase(find("asked")), Phase::kPaused);
}

TEST_F(LifecycleTest, ASilentSupervisorDoesNotKeepItFromEnding) {
  leave("a", Phase::kCreated);
  open();
  const auto a = find("a");
  MUST(lifecycle().start(Call::within(kSoon), a));
  tasks_.silent = true;
  std::stop_source stop;
  std::thread connecting([&] { lifecycle().on_connected(stop.get_token()); });
  stop.request_stop();
  connecting.join();
  const auto begin = std::chrono::steady_clock::now();
  lifecycle().on_exit({"a", ""}, a->record()->state.pid, {137, now()});
  lifecycle().close();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::minutes(1)) << "the patience for one call is two";
  EXPECT_EQ(phase(a), Phase::kExited);
}

}  // namespace
}  // namespace hull::engine::test
