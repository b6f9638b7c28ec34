#include "engine/logs/spool.h"

#include <fcntl.h>

#include <cstring>

#include "base/sys.h"

namespace hull::engine::logs {
namespace {

// More than is ever taken before the log gets it: one buffer, and an unfinished line.
constexpr int64_t kMostRest = 1024 * 1024;
constexpr int64_t kBlock = 4096;
// What is in the log may lie in the spool, too, until it is worth a system call.
constexpr int64_t kFreeAt = 16 * kBlock;

/// A mark as it is stored. Two slots take turns, so that the one before stands while the next is written.
struct Slot {
  uint64_t sequence = 0;
  Spool::Mark mark;
  uint64_t check = 0;
};
constexpr size_t kSlots = 2;
static_assert(std::is_trivially_copyable_v<Slot>);

/// FNV-1a over all before the check.
uint64_t check_of(const Slot& slot) {
  std::array<unsigned char, offsetof(Slot, check)> bytes;
  std::memcpy(bytes.data(), &slot, bytes.size());
  uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

std::string mark_path(const std::string& directory) { return directory + "/spool-mark"; }
std::string stream_path(const std::string& directory, Stream stream) {
  return directory + (stream == Stream::kStdout ? "/spool-1" : "/spool-2");
}

/// Absent where the file is.
Result<UniqueFd> open_existing(const std::string& path) {
  auto file = sys::open(path, O_RDWR);
  if (file.is(Code::kNotFound)) return UniqueFd();
  return file;
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(const std::string& directory) {
  std::unique_ptr<Spool> spool(new Spool(directory));
  spool->mark_file_ = TRY(open_existing(mark_path(directory)));
  if (!spool->mark_file_.valid()) return spool;
  TRY(spool->load_mark());
  if (!spool->mark_) return spool;
  for (const Stream stream : {Stream::kStdout, Stream::kStderr}) {
    Kept& kept = spool->of(stream);
    kept.file = TRY(open_existing(stream_path(directory, stream)));
    if (kept.file.valid()) kept.size = TRY(sys::fstat(kept.file)).st_size;
  }
  return spool;
}

void Spool::discard(const std::string& directory) {
  // The mark first: without it the other files mean nothing.
  (void)sys::unlink(mark_path(directory)).ok();
  for (const Stream stream : {Stream::kStdout, Stream::kStderr}) (void)sys::unlink(stream_path(directory, stream)).ok();
}

Result<void> Spool::load_mark() {
  for (size_t i = 0; i < kSlots; ++i) {
    Slot slot;
    const std::span<char> bytes(reinterpret_cast<char*>(&slot), sizeof slot);
    const size_t got = TRY(sys::pread(mark_file_, bytes, static_cast<int64_t>(i * sizeof slot)));
    if (got != sizeof slot || slot.check != check_of(slot) || slot.sequence < sequence_) continue;
    sequence_ = slot.sequence;
    mark_ = slot.mark;
  }
  return {};
}

Result<void> Spool::set_mark(const Mark& mark) {
  if (!mark_file_.valid()) mark_file_ = TRY(sys::open(mark_path(directory_), O_RDWR | O_CREAT | O_TRUNC, 0600));
  Slot slot{++sequence_, mark, 0};
  slot.check = check_of(slot);
  TRY(sys::pwrite_all(mark_file_, {reinterpret_cast<const char*>(&slot), sizeof slot},
                      static_cast<int64_t>(sequence_ % kSlots * sizeof slot)));
  mark_ = mark;
  for (size_t i = 0; i < kStreams; ++i) TRY(free_logged(kept_[i], mark.logged[i]));
  return {};
}

Result<void> Spool::free_logged(Kept& kept, int64_t logged) {
  if (logged - kept.freed < kFreeAt) return {};
  const int64_t end = logged - logged % kBlock;
  if (::fallocate(kept.file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, kept.freed, end - kept.freed) != 0)
    return Error::from_errno(errno, "free spool");
  kept.freed = end;
  return {};
}

Result<std::optional<size_t>> Spool::take(Stream stream, FdRef fifo, std::span<char> buffer) {
  CHECK(mark_.has_value());
  Kept& kept = of(stream);
  if (!kept.file.valid()) kept.file = TRY(sys::open(stream_path(directory_, stream), O_RDWR | O_CREAT | O_TRUNC, 0600));
  loff_t end = kept.size;
  ssize_t got = 0;
  do {
    got = ::splice(fifo.get(), nullptr, kept.file.get(), &end, buffer.size(), SPLICE_F_NONBLOCK);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return std::optional<size_t>();
  if (got < 0) return Error::from_errno(errno, "move output to spool");
  const auto taken = static_cast<size_t>(got);
  // Right after it was written, it is in memory.
  if (taken > 0 && TRY(sys::pread(kept.file, buffer.first(taken), kept.size)) != taken)
    return data_loss("read spool: it is shorter than what was moved to it");
  kept.size += got;
  return std::optional(taken);
}

Result<std::string> Spool::rest(Stream stream) const {
  const auto index = static_cast<size_t>(stream);
  const Kept& kept = kept_[index];
  const int64_t from = mark_ ? mark_->logged[index] : 0;
  const int64_t size = kept.size - from;
  if (from < 0 || size < 0 || size > kMostRest) return data_loss("read spool: its mark does not fit");
  std::string rest(static_cast<size_t>(size), '\0');
  if (size > 0 && TRY(sys::pread(kept.file, rest, from)) != rest.size())
    return data_loss("read spool: it ends too early");
  return rest;
}

}  // namespace hull::engine::logs
