#include "engine/logs/json_file.h"

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "base/sys.h"
#include "engine/logs/rotated_files.h"

namespace hull::engine::logs {
namespace {

// Large enough that a write costs little per line, small enough to stay in the cache.
constexpr size_t kFlushAt = 128 * 1024;

/// What a crash in the middle of a write left behind the last whole entry would swallow the next one. Returns the size.
Result<int64_t> cut_torn_entry(FdRef file) {
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
  return end;
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

JsonFile::JsonFile(std::string path, UniqueFd file, int64_t size, const Options& options, std::string attributes)
    : path_(std::move(path)),
      max_size_(options.max_size.count),
      max_files_(options.max_files),
      compress_(options.compress),
      attributes_(std::move(attributes)),
      rotated_(std::make_shared<RotatedFiles>(path_, options.max_files)),
      file_(std::move(file)),
      size_(size) {}

JsonFile::~JsonFile() { progress_->close(); }

Result<std::unique_ptr<JsonFile>> JsonFile::open(std::string path, const Options& options, std::string attributes) {
  UniqueFd file = TRY(sys::open(path, O_RDWR | O_APPEND | O_CREAT, 0640));
  const int64_t size = TRY(cut_torn_entry(file));
  return std::unique_ptr<JsonFile>(
      new JsonFile(std::move(path), std::move(file), size, options, std::move(attributes)));
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
  while (!bytes.empty()) {
    const size_t reach = std::min(bytes.size(), kMaxLine);
    const auto* end = static_cast<const char*>(std::memchr(bytes.data(), '\n', reach));
    if (end) {
      const auto length = static_cast<size_t>(end - bytes.data());
      take_line(stream, bytes.substr(0, length), LineEnd::kYes);
      bytes.remove_prefix(length + 1);
    } else if (bytes.size() >= kMaxLine) {
      take_line(stream, bytes.substr(0, kMaxLine), LineEnd::kNo);
      bytes.remove_prefix(kMaxLine);
    } else {
      break;
    }
  }
  return bytes;
}

void JsonFile::take_line(Stream stream, std::string_view line, LineEnd end) {
  const bool full = max_size_ > 0 && size_ + static_cast<int64_t>(out_.size()) >= max_size_;
  if (full || out_.size() >= kFlushAt) flush();
  if (full) {
    if (auto rotated = rotate(); !rotated.ok()) report(rotated.error());
  }
  append_entry(out_, stream, line, end, clock_.next(), attributes_);
}

void JsonFile::flush() {
  if (out_.empty()) return;
  if (auto written = sys::write_all(file_, out_); !written.ok()) {
    report(written.error());
    // A torn entry would hide the next one from every reader.
    if (auto cut = sys::ftruncate(file_, size_); !cut.ok()) report(cut.error());
  } else {
    size_ += static_cast<int64_t>(out_.size());
  }
  out_.clear();
  progress_->advance();
}

Result<void> JsonFile::rotate() {
  // Once only: where the new file can't be made yet, each further shift would push out an older part for nothing.
  if (!shifted_) TRY(rotated_->shift());
  shifted_ = true;
  file_ = TRY(sys::open(path_, O_WRONLY | O_APPEND | O_CREAT | O_TRUNC, 0640));
  size_ = 0;
  shifted_ = false;
  if (compress_ && max_files_ > 1) RotatedFiles::compress_youngest(rotated_);
  return {};
}

void JsonFile::report(const Error& error) {
  if (std::exchange(reported_, true)) return;
  logging::error("write container log", {{"path", path_}, {"error", error.message()}});
}

}  // namespace hull::engine::logs
