#include "engine/containers/container_index.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/files.h"
#include "base/ids.h"
#include "engine/containers/record_store.h"

namespace hull::engine {
namespace {

class ContainerIndexTest : public ::testing::Test {
 protected:
  ContainerPtr add(const std::string& id, const std::string& name) {
    auto record = std::make_shared<ContainerRecord>();
    record->id = id;
    record->name = name;
    MUST(index_.reserve(name, id));
    auto container = std::make_shared<Container>(std::move(record), nullptr);
    index_.add(container);
    return container;
  }
  ContainerIndex index_;
};

TEST_F(ContainerIndexTest, FindsByIdNameAndPrefix) {
  add("aaa111", "web");
  add("aab222", "db");
  EXPECT_EQ(MUST(index_.find("aaa111"))->id(), "aaa111");
  EXPECT_EQ(MUST(index_.find("/web"))->id(), "aaa111");
  EXPECT_EQ(MUST(index_.find("aab"))->id(), "aab222");
  EXPECT_EQ(index_.find("aa").error().message(), "Multiple IDs found with provided prefix: aa");
  EXPECT_EQ(index_.find("zz").error().message(), "No such container: zz");
  EXPECT_TRUE(index_.find("").is(Code::kNotFound));
}

TEST_F(ContainerIndexTest, TellsWhoHasAName) {
  add("aaa111", "web");
  const auto taken = index_.reserve("web", "other");
  EXPECT_TRUE(taken.is(Code::kConflict));
  EXPECT_NE(taken.error().message().find("\"/web\" is already in use by container \"aaa111\""), std::string::npos);
  index_.remove("aaa111");
  EXPECT_TRUE(index_.reserve("web", "other").ok());
}

TEST_F(ContainerIndexTest, OneTurnAtATime) {
  const auto container = add("aaa111", "web");
  auto first = container->take_turn({});
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(container->take_turn(Call::within(std::chrono::milliseconds(1))).is(Code::kDeadlineExceeded));
  EXPECT_EQ(container->record()->name, "web");  // readers don't wait
  { auto gone = std::move(first).value(); }
  EXPECT_TRUE(container->take_turn(Call::within(std::chrono::seconds(5))).ok());
}

TEST_F(ContainerIndexTest, AHeldTurnKeepsTheContainerThatIsRemoved) {
  auto container = add("aaa111", "web");
  const std::weak_ptr<Container> seen = container;
  {
    const auto turn = container->take_turn({});
    index_.remove("aaa111");
    container.reset();
    EXPECT_FALSE(seen.expired());
  }
  EXPECT_TRUE(seen.expired());
}

TEST_F(ContainerIndexTest, WaitersSeeTheChange) {
  const auto container = add("aaa111", "web");
  std::thread waiter([&] {
    const auto moment = container->wait(Call::within(std::chrono::seconds(30)),
                                        [](const auto&, const auto& now) { return now.removed; });
    EXPECT_TRUE(moment.ok());
  });
  container->mark_removed();
  waiter.join();
}

TEST(RecordStore, GivesBackWhatWasSaved) {
  const std::string directory = "/tmp/containers-store-" + random_hex(12);
  MUST(make_directories(directory, 0700));
  ContainerRecord record;
  record.id = "abc";
  record.name = "web";
  record.command = {"ls", "-l"};
  record.host.resources.memory = 7 << 20;
  record.rootfs = {{"overlay", "overlay", "", {"lowerdir=/a"}}};
  record.mounts.resize(1);
  record.mounts[0].destination = "/d";
  {
    auto store = MUST(RecordStore::open(directory + "/containers.db"));
    MUST(store.insert(record));
    record.state.phase = Phase::kRunning;
    record.state.pid = 42;
    record.sandbox = Sandbox{"/netns", {}, {{"80/tcp", std::nullopt}}, "sandbox"};
    MUST(store.update_state(record));
  }
  auto store = MUST(RecordStore::open(directory + "/containers.db"));
  const auto loaded = MUST(store.load());
  ASSERT_EQ(loaded.records.size(), 1u);
  EXPECT_EQ(format_fixed(loaded.records[0]), format_fixed(record));
  EXPECT_EQ(format_state(loaded.records[0]), format_state(record));
  MUST(store.remove("abc"));
  EXPECT_TRUE(MUST(store.load()).records.empty());
  MUST(remove_tree(directory));
}

}  // namespace
}  // namespace hull::engine
