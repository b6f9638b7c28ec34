#include "engine/logs/ring.h"

#include <gtest/gtest.h>

#include <future>

namespace hull::engine::logs {
namespace {

struct Written {
  std::string text;
  int finished = 0;
};

/// Writes once it is let.
class Gate final : public Driver {
 public:
  Gate(Written& written, std::shared_future<void> open) : written_(written), open_(std::move(open)) {}
  void write(Stream, std::string_view bytes) override {
    begun.set_value_once();
    open_.wait();
    written_.text += bytes;
  }
  void finish(Stream) override { ++written_.finished; }
  std::string_view unfinished(Stream) const override { return written_.text; }

  struct Once {
    std::promise<void> promise;
    bool set = false;
    void set_value_once() {
      if (!std::exchange(set, true)) promise.set_value();
    }
  } begun;

 private:
  Written& written_;
  const std::shared_future<void> open_;
};

TEST(Ring, PassesEverythingOnInOrder) {
  Written written;
  std::promise<void> open;
  open.set_value();
  {
    const auto ring = MUST(Ring::start(std::make_unique<Gate>(written, open.get_future().share()), 1_MiB));
    for (int i = 0; i < 1000; ++i) ring->write(Stream::kStdout, std::to_string(i) + " ");
    EXPECT_TRUE(ring->unfinished(Stream::kStdout).ends_with(" 998 999 "));
    ring->finish(Stream::kStdout);
    EXPECT_EQ(ring->dropped(), 0);
  }
  EXPECT_EQ(written.finished, 1);
}

TEST(Ring, DropsWhatHasNoRoomAndNeverWaits) {
  Written written;
  std::promise<void> open;
  {
    auto gate = std::make_unique<Gate>(written, open.get_future().share());
    auto begun = gate->begun.promise.get_future();
    const auto ring = MUST(Ring::start(std::move(gate), Bytes(10)));
    ring->write(Stream::kStdout, "first ");
    begun.wait();
    ring->write(Stream::kStdout, "an over-long second ");
    ring->write(Stream::kStdout, "dropped ");
    ring->write(Stream::kStderr, "dropped ");
    EXPECT_EQ(ring->dropped(), 16);
    open.set_value();
  }
  EXPECT_EQ(written.text, "first an over-long second ");
}

}  // namespace
}  // namespace hull::engine::logs
