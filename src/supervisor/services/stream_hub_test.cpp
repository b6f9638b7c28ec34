#include "supervisor/services/stream_hub.h"

#include <gtest/gtest.h>

namespace hull::supervisor {
namespace {

class SilentStream final : public MessageStream {
 public:
  Result<std::optional<google::protobuf::Any>> receive(const Call&) override {
    return std::optional<google::protobuf::Any>();
  }
  Result<void> send(const Call&, const google::protobuf::Any&) override { return {}; }
  void close() override {}
};

TEST(StreamHub, AStreamThatEndsLateKeepsItsSuccessorsName) {
  StreamHub hub;
  const auto first = std::make_shared<SilentStream>();
  const auto second = std::make_shared<SilentStream>();
  MUST(hub.add("ns", "s", first));
  EXPECT_TRUE(hub.add("ns", "s", second).is(Code::kAlreadyExists));
  EXPECT_EQ(MUST(hub.take("ns", "s")), first);
  MUST(hub.add("ns", "s", second));
  hub.remove("ns", "s", *first);
  EXPECT_EQ(MUST(hub.take("ns", "s")), second);
  EXPECT_TRUE(hub.take("ns", "s").is(Code::kNotFound));
}

TEST(StreamHub, AStreamThatIsGoneIsNotFound) {
  StreamHub hub;
  MUST(hub.add("ns", "s", std::make_shared<SilentStream>()));
  EXPECT_TRUE(hub.take("ns", "s").is(Code::kNotFound));
  EXPECT_TRUE(hub.add("ns", "", std::make_shared<SilentStream>()).is(Code::kInvalidArgument));
}

}  // namespace
}  // namespace hull::supervisor
