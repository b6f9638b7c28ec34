#include "archive/stream.h"

#include <algorithm>
#include <cstring>

#include "archive/block_pipe.h"
#include "base/daemon/thread.h"
#include "base/sys.h"

namespace hull::archive {
namespace {

constexpr size_t kBlockSize = 512 * 1024;

/// The reading thread's body.
void fill(Source& source, BlockPipe& pipe) {
  while (true) {
    const auto room = pipe.space();
    if (!room.ok()) return;  // nobody reads
    auto count = source.read(*room);
    if (!count.ok()) return pipe.end(std::move(count).error());
    if (*count == 0) return pipe.end();
    pipe.filled(*count);
  }
}

}  // namespace

Result<size_t> FileSource::read(std::span<char> data) {
  const size_t count = TRY(sys::pread(file_, data, offset_));
  offset_ += static_cast<int64_t>(count);
  return count;
}

Result<size_t> StreamSource::read(std::span<char> data) { return sys::read(stream_, data); }

Result<size_t> MemorySource::read(std::span<char> data) {
  const size_t count = std::min(data.size(), data_.size() - offset_);
  std::memcpy(data.data(), data_.data() + offset_, count);
  offset_ += count;
  return count;
}

Result<void> FdSink::write(std::string_view data) { return sys::write_all(file_, data); }

Result<size_t> TallySource::read(std::span<char> data) {
  const size_t count = TRY(inner_.read(data));
  tally_.add({data.data(), count});
  return count;
}

Result<void> TallySink::write(std::string_view data) {
  tally_.add(data);
  return inner_.write(data);
}

Result<void> read_ahead(Source& source, const std::function<Result<void>(Source&)>& consume) {
  BlockPipe pipe;
  auto reader = Thread::start("read-ahead", [&] { fill(source, pipe); });
  if (!reader.ok()) return consume(source);  // slower, and no less right
  auto result = consume(pipe);
  pipe.stop_reading();
  reader->join();
  return result;
}

Result<void> drain(Source& source) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(kBlockSize);
  while (TRY(source.read({buffer.get(), kBlockSize})) > 0) {}
  return {};
}

Result<void> copy(Source& source, Sink& sink) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(kBlockSize);
  while (const size_t count = TRY(source.read({buffer.get(), kBlockSize}))) TRY(sink.write({buffer.get(), count}));
  return {};
}

}  // namespace hull::archive
