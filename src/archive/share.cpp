#include "archive/share.h"

#include "archive/block_pipe.h"
#include "base/daemon/thread.h"

namespace hull::archive {
namespace {

class Tapped : public Source {
 public:
  Tapped(Source& inner, BlockPipe& copy) : inner_(inner), copy_(copy) {}
  Result<size_t> read(std::span<char> data) override {
    const size_t count = TRY(inner_.read(data));
    if (count == 0)
      copy_.end();
    else
      TRY(copy_.write({data.data(), count}));
    return count;
  }

 private:
  Source& inner_;
  BlockPipe& copy_;
};

}  // namespace

Result<void> share(Source& source, const Consumer& here, const Consumer& beside) {
  BlockPipe copy;
  Result<void> other;
  auto thread = TRY(Thread::start("share", [&] {
    other = beside(copy);
    copy.stop_reading();
  }));
  Tapped tapped(source, copy);
  auto result = here(tapped);
  copy.end(unavailable("read: the source ended early"));
  thread.join();
  if (!other.ok() && !copy.reader_was_told()) return other;
  if (!result.ok() && !copy.writer_was_told()) return result;
  return result.ok() ? other : result;
}

}  // namespace hull::archive
