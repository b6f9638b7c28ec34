#include "engine/logs/json_file.h"

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "base/sys.h"
#include "engine/logs/json_decoder.h"
#include "engine/logs/rotated_files.h"

namespace hull::engine::logs {
namespace {

// Large enough that a write costs little per line, small enough to stay in the cache.
constexpr size_t kFlushAt = 128 * 1024;
// Far above what one write between two marks can be: kFlushAt and an entry.
constexpr int64_t kMostUnmarked = 4 * 1024 * 1024;

/// What a crash in the middle of a write left behind the last whole entry would swallow the next one.
Result<void> cut_torn_entry(FdRef file) {
  const int64_t size = TRY(sys::fstat(file)).st_size;
  std::array<char, 4096> block;
  int64_t end = size;
  while (end > 0) {
    const int64_t begin = std::max<int64_t>(0, end - static_cast<int64_t>(block.size()));
    const size_t got = TRY(sys::pread(file, std::span(block.data(), static_cast<size_t>(end - begin)), begin));
    const size_t line_end = std::string_view(block.data(), got).rfind('\n');
    end = line_end == std::string_view::npos ? begin : begin + static_cast<int64_t>(line_end) + 1;
    if (line_end != std::string_view::npos) break;
  }
  if (end < size) TRY(sys::ftruncate(file, end));
  return {};
}

/// Bytes of the first entry's line in the text, its end included where it has one; 0 where the line isn't whole yet.
struct FirstLine {
  size_t length = 0;
  LineEnd end = LineEnd::kNo;
  size_t taken() const { return length + (end == LineEnd::kYes ? 1 : 0); }
};
FirstLine first_line(std::string_view text) {
  if (text.empty()) return {};
  const size_t reach = std::min(text.size(), JsonFile::kMaxLine);
  if (const void* end = std::memchr(text.data(), '\n', reach))
    return {static_cast<size_t>(static_cast<const char*>(end) - text.data()), LineEnd::kYes};
  return {text.size() >= JsonFile::kMaxLine ? JsonFile::kMaxLine : 0, LineEnd::kNo};
}

}  // namespace

void Progress::advance() {
  {
    std::lock_guard lock(mutex_);
    ++count_;
  }
  changed_.notify_all();
}

void Progress::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

uint64_t Progress::count() const {
  std::lock_guard lock(mutex_);
  return count_;
}

bool Progress::closed() const {
  std::lock_guard lock(mutex_);
  return closed_;
}

void Progress::wait_past(uint64_t seen, const Call& call) const {
  std::unique_lock lock(mutex_);
  const auto done = [&] { return count_ > seen || closed_; };
  if (call.deadline == std::chrono::steady_clock::time_point::max()) {
    changed_.wait(lock, call.stop, done);
  } else {
    changed_.wait_until(lock, call.stop, call.deadline, done);
  }
}

JsonFile::JsonFile(std::string path, UniqueFd file, const Options& options, std::string attributes)
    : path_(std::move(path)),
      max_size_(options.max_size.count),
      max_files_(options.max_files),
      compress_(options.compress),
      attributes_(std::move(attributes)),
      rotated_(std::make_shared<RotatedFiles>(path_, options.max_files)),
      file_(std::move(file)) {}

JsonFile::~JsonFile() { progress_->close(); }

Result<std::unique_ptr<JsonFile>> JsonFile::open(std::string path, const Options& options, std::string attributes,
                                                 std::unique_ptr<Spool> spool) {
  UniqueFd file = TRY(sys::open(path, O_RDWR | O_APPEND | O_CREAT, 0640));
  TRY(cut_torn_entry(file));
  std::unique_ptr<JsonFile> log(new JsonFile(std::move(path), std::move(file), options, std::move(attributes)));
  TRY(log->look_at_file());
  if (spool) {
    // A log that lacks some lines is better than none.
    if (auto taken = log->take_over(std::move(spool)); !taken.ok()) log->give_spool_up(taken.error());
  }
  return log;
}

Result<void> JsonFile::look_at_file() {
  const auto stat = TRY(sys::fstat(file_));
  at_.device = stat.st_dev;
  at_.inode = stat.st_ino;
  at_.log_size = stat.st_size;
  return {};
}

/// Writes what an engine that was killed had taken from the FIFOs and not written yet.
Result<void> JsonFile::take_over(std::unique_ptr<Spool> spool) {
  spool_ = std::move(spool);
  if (!spool_->mark()) return {};
  std::array<std::string, kStreams> rest;
  for (const Stream stream : {Stream::kStdout, Stream::kStderr})
    rest[static_cast<size_t>(stream)] = TRY(spool_->rest(stream));
  at_.logged = spool_->mark()->logged;
  TRY(pass_over_logged(rest));
  TRY(mark());
  for (const Stream stream : {Stream::kStdout, Stream::kStderr}) write(stream, rest[static_cast<size_t>(stream)]);
  return {};
}

/// Takes away from the streams' rests what got into the log after the mark was set. A new file, after a rotation, holds
/// nothing of that kind: the mark is set before anything is written to it.
Result<void> JsonFile::pass_over_logged(std::array<std::string, kStreams>& rest) {
  const Spool::Mark& mark = *spool_->mark();
  if (mark.device != at_.device || mark.inode != at_.inode || at_.log_size <= mark.log_size) return {};
  std::string entries(static_cast<size_t>(std::min(at_.log_size - mark.log_size, kMostUnmarked)), '\0');
  entries.resize(TRY(sys::pread(file_, entries, mark.log_size)));
  std::string scratch;
  std::string_view left = entries;
  for (size_t end = left.find('\n'); end != std::string_view::npos; end = left.find('\n')) {
    const auto entry = decode_entry(left.substr(0, end), scratch);
    left.remove_prefix(end + 1);
    if (!entry) continue;
    const auto index = static_cast<size_t>(entry->stream);
    const FirstLine line = first_line(rest[index]);
    // No whole line: the entry is of a stream that had ended.
    const size_t taken = line.taken() == 0 ? rest[index].size() : line.taken();
    rest[index].erase(0, taken);
    at_.logged[index] += static_cast<int64_t>(taken);
  }
  return {};
}

Result<void> JsonFile::mark() { return spool_->set_mark(at_); }

/// After each write to the log: nothing is waiting in out_.
void JsonFile::keep_mark() {
  if (!spool_) return;
  if (auto marked = mark(); !marked.ok()) give_spool_up(marked.error());
}

void JsonFile::give_spool_up(const Error& error) {
  logging::warn("keep container output safe from a kill of the engine", {{"path", path_}, {"error", error.message()}});
  spool_->discard();
  spool_.reset();
}

Result<std::optional<size_t>> JsonFile::take(Stream stream, FdRef fifo, std::span<char> buffer) {
  if (spool_ && !spool_->mark()) keep_mark();
  if (!spool_) return Driver::take(stream, fifo, buffer);
  auto taken = spool_->take(stream, fifo, buffer);
  if (taken.ok()) return taken;
  give_spool_up(taken.error());
  return Driver::take(stream, fifo, buffer);
}

void JsonFile::write(Stream stream, std::string_view bytes) {
  clock_.advance(now());
  std::string& unfinished = unfinished_[static_cast<size_t>(stream)];
  if (unfinished.empty()) {
    unfinished = take_lines(stream, bytes);
  } else {
    unfinished += bytes;
    // The view points into the string that it replaces.
    unfinished = std::string(take_lines(stream, unfinished));
  }
  flush();
}

void JsonFile::finish(Stream stream) {
  std::string& unfinished = unfinished_[static_cast<size_t>(stream)];
  if (unfinished.empty()) return;
  clock_.advance(now());
  take_line(stream, unfinished, LineEnd::kNo);
  unfinished.clear();
  flush();
}

/// Stores whole lines, and parts of long ones; returns the rest.
std::string_view JsonFile::take_lines(Stream stream, std::string_view bytes) {
  for (FirstLine line = first_line(bytes); line.taken() > 0; line = first_line(bytes)) {
    take_line(stream, bytes.substr(0, line.length), line.end);
    bytes.remove_prefix(line.taken());
  }
  return bytes;
}

void JsonFile::take_line(Stream stream, std::string_view line, LineEnd end) {
  const bool full = max_size_ > 0 && at_.log_size + static_cast<int64_t>(out_.size()) >= max_size_;
  if (full || out_.size() >= kFlushAt) flush();
  if (full) {
    if (auto rotated = rotate(); !rotated.ok()) report(rotated.error());
  }
  append_entry(out_, stream, line, end, clock_.next(), attributes_);
  at_.logged[static_cast<size_t>(stream)] += static_cast<int64_t>(line.size()) + (end == LineEnd::kYes ? 1 : 0);
}

void JsonFile::flush() {
  if (out_.empty()) return;
  if (auto written = sys::write_all(file_, out_); !written.ok()) {
    report(written.error());
    // A torn entry would hide the next one from every reader.
    if (auto cut = cut_torn_entry(file_); !cut.ok()) report(cut.error());
    if (auto looked = look_at_file(); !looked.ok()) report(looked.error());
  } else {
    at_.log_size += static_cast<int64_t>(out_.size());
  }
  out_.clear();
  keep_mark();
  progress_->advance();
}

Result<void> JsonFile::rotate() {
  // Once only: where the new file can't be made yet, each further shift would push out an older part for nothing.
  if (!shifted_) TRY(rotated_->shift());
  shifted_ = true;
  file_ = TRY(sys::open(path_, O_RDWR | O_APPEND | O_CREAT | O_TRUNC, 0640));
  shifted_ = false;
  TRY(look_at_file());
  keep_mark();
  if (compress_ && max_files_ > 1) RotatedFiles::compress_youngest(rotated_);
  return {};
}

void JsonFile::report(const Error& error) {
  if (std::exchange(reported_, true)) return;
  logging::error("write container log", {{"path", path_}, {"error", error.message()}});
}

}  // namespace hull::engine::logs
