#include "engine/health/health_monitor.h"

#include "engine/containers/test_services.h"

namespace hull::engine::test {
namespace {

using HealthMonitorTest = ContainersTest;

/// The supervisor tells of the check's end before it answers its start, and then with an error.
TEST_F(HealthMonitorTest, ACheckHasOneResult) {
  leave("a", Phase::kCreated, [](ContainerRecord& record) {
    record.config.healthcheck = api::HealthConfig{.test = {"CMD", "true"}, .interval = 1'000'000};
  });
  open();
  Registry& registry = containers_->registry();
  Execs execs({registry.index(), tasks_, *pump_, events_, registry.settings()});
  const auto monitor = MUST(HealthMonitor::create(registry, execs));
  const auto a = find("a");
  MUST(lifecycle().start(Call::within(std::chrono::seconds(20)), a));
  std::atomic<bool> first = true;
  tasks_.before = [&](const std::string& step) -> Result<void> {
    if (!step.starts_with("start ") || !first.exchange(false)) return {};  // the others never end
    execs.on_exit({"a", step.substr(6)}, {0, now()});
    return internal_error("no answer");
  };
  monitor->begin("a");
  const auto checked = [](const ContainerRecord& record, const Container::Moment&) {
    return record.state.health && !record.state.health->log.empty();
  };
  ASSERT_TRUE(a->wait(Call::within(std::chrono::seconds(20)), checked).ok());
  execs.close();
  monitor->close();
  EXPECT_EQ(a->record()->state.health->log.size(), 1u);
}

}  // namespace
}  // namespace hull::engine::test
