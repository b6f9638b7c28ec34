#include "archive/share.h"

#include <gtest/gtest.h>

namespace hull::archive {
namespace {

constexpr size_t kMuch = 5 << 20;

Consumer into(StringSink& sink) {
  return [&sink](Source& source) { return copy(source, sink); };
}

Result<void> break_off(Source& source) {
  char byte = 0;
  TRY(source.read({&byte, 1}));
  return invalid_argument("enough");
}

class Failing : public Source {
 public:
  Result<size_t> read(std::span<char> data) override {
    if (std::exchange(began_, true)) return data_loss("torn");
    data[0] = 'x';
    return size_t{1};
  }

 private:
  bool began_ = false;
};

TEST(Share, GivesBothAll) {
  const std::string text(kMuch, 'x');
  MemorySource source(text);
  StringSink here;
  StringSink beside;
  MUST(share(source, into(here), into(beside)));
  EXPECT_EQ(here.text(), text);
  EXPECT_EQ(beside.text(), text);
}

TEST(Share, TellsWhoFailedFirst) {
  StringSink sink;
  MemorySource one(std::string(kMuch, 'x'));
  EXPECT_EQ(share(one, into(sink), break_off).error().message(), "enough");
  MemorySource two(std::string(kMuch, 'x'));
  EXPECT_EQ(share(two, break_off, into(sink)).error().message(), "enough");
  Failing torn;
  EXPECT_EQ(share(torn, into(sink), into(sink)).error().message(), "torn");
}

TEST(Share, WhoEndsEarlyEndsBoth) {
  const Consumer nothing = [](Source&) { return Result<void>(); };
  StringSink sink;
  MemorySource one(std::string(kMuch, 'x'));
  EXPECT_FALSE(share(one, into(sink), nothing).ok());
  MemorySource two(std::string(kMuch, 'x'));
  EXPECT_FALSE(share(two, nothing, into(sink)).ok());
}

}  // namespace
}  // namespace hull::archive
