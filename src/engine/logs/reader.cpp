#include "engine/logs/reader.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "archive/compression.h"
#include "base/sys.h"
#include "engine/logs/rotated_files.h"

namespace hull::engine::logs {
namespace {

constexpr size_t kBlock = 256 * 1024;
// Far above the longest entry: 16 KiB of text, six bytes each, and its attributes.
constexpr size_t kMaxEntry = 1024 * 1024;

bool same_file(FdRef file, const std::string& path) {
  const auto here = sys::fstat(file);
  const auto there = sys::stat(path);
  return here.ok() && there.ok() && here->st_ino == there->st_ino && here->st_dev == there->st_dev;
}

/// Whether the log goes on in another file. One that somebody took away is written to as before.
bool is_replaced(FdRef file, const std::string& path) { return sys::stat(path).ok() && !same_file(file, path); }

/// All parts at one moment, oldest first; the last one is written to. Taken again when a rotation came in between.
Result<std::vector<LogPart>> open_parts(const std::string& path) {
  constexpr int kAttempts = 20;
  std::vector<LogPart> parts;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    parts.clear();
    auto current = sys::open(path, O_RDONLY);
    bool complete = true;
    for (const std::string& name : RotatedFiles::list(path)) {
      auto file = sys::open(name, O_RDONLY);
      complete = complete && file.ok();
      if (file.ok()) parts.push_back({.file = std::move(file).value(), .packed = name.ends_with(".gz")});
    }
    if (!current.ok()) {
      if (current.is(Code::kNotFound) && parts.empty()) return parts;
      continue;
    }
    const bool still = same_file(*current, path);
    parts.push_back({.file = std::move(current).value()});
    if (complete && still) break;
  }
  return parts;
}

/// Splits what it is fed into entries that the options ask for.
class Splitter {
 public:
  Splitter(const ReadOptions& options, Consumer& consumer) : options_(options), consumer_(consumer) {}

  Result<void> feed(std::string_view bytes) {
    if (!rest_.empty()) {
      const size_t end = bytes.find('\n');
      rest_ += bytes.substr(0, end);
      if (end == std::string_view::npos) return forget_monsters();
      const std::string line = std::exchange(rest_, {});
      TRY(line_of(line));
      bytes.remove_prefix(end + 1);
    }
    while (!bytes.empty() && !past_end_) {
      const auto* end = static_cast<const char*>(std::memchr(bytes.data(), '\n', bytes.size()));
      if (!end) break;
      const auto length = static_cast<size_t>(end - bytes.data());
      TRY(line_of(bytes.substr(0, length)));
      bytes.remove_prefix(length + 1);
    }
    rest_ = bytes;
    return forget_monsters();
  }
  /// Entries up to this time were given already.
  void skip_until(std::optional<Timestamp> time) { after_ = time; }
  std::optional<Timestamp> last_time() const { return parse(last_); }
  /// An entry of the time after `until` was seen.
  bool past_end() const { return past_end_; }
  void forget_rest() { rest_.clear(); }

 private:
  static std::optional<Timestamp> parse(std::string_view text) { return parse_rfc3339(text).value_or(std::nullopt); }
  Result<void> forget_monsters() {
    if (rest_.size() > kMaxEntry) rest_.clear();
    return {};
  }
  Result<void> line_of(std::string_view line) {
    const auto entry = decode_entry(line, scratch_);
    if (!entry || past_end_) return {};
    if (options_.since || options_.until || after_) {
      const auto time = parse(entry->time);
      if (!time || (options_.since && *time < *options_.since) || (after_ && *time <= *after_)) return {};
      if (options_.until && *time > *options_.until) return past_end_ = true, Result<void>();
    }
    last_ = entry->time;
    if (!(entry->stream == Stream::kStdout ? options_.out : options_.err)) return {};
    return consumer_.take(*entry);
  }

  const ReadOptions& options_;
  Consumer& consumer_;
  std::string rest_;     // an entry's beginning
  std::string scratch_;  // an entry's text
  std::string last_;     // time of the last entry
  std::optional<Timestamp> after_;
  bool past_end_ = false;
};

/// Calls `use` with the part's bytes from its start. Returns the offset of the end.
template <class Use>
Result<int64_t> for_each_block(const LogPart& part, std::vector<char>& buffer, const Use& use) {
  if (part.packed) {
    archive::FileSource raw(TRY(sys::dup(part.file)));
    const auto source = TRY(archive::decompress(raw));
    int64_t offset = 0;
    while (const size_t got = TRY(source->read(buffer))) {
      const int64_t skip = std::clamp<int64_t>(part.start - offset, 0, static_cast<int64_t>(got));
      TRY(use(std::string_view(buffer.data(), got).substr(static_cast<size_t>(skip))));
      offset += static_cast<int64_t>(got);
    }
    return offset;
  }
  int64_t offset = part.start;
  while (offset < part.end) {
    const auto most = std::min<int64_t>(part.end - offset, static_cast<int64_t>(buffer.size()));
    const size_t got = TRY(sys::pread(part.file, std::span(buffer).first(static_cast<size_t>(most)), offset));
    if (got == 0) break;
    TRY(use(std::string_view(buffer.data(), got)));
    offset += static_cast<int64_t>(got);
  }
  return offset;
}

/// Entries in a part that may be packed, and where each of the last `wanted` begins.
Result<int64_t> start_of_tail(const LogPart& part, std::vector<char>& buffer, int64_t& wanted) {
  std::vector<int64_t> starts;  // of lines; a ring of `wanted`
  const auto room = static_cast<size_t>(wanted);
  int64_t count = 0;
  int64_t line = 0;
  int64_t offset = 0;
  TRY(for_each_block(part, buffer, [&](std::string_view bytes) -> Result<void> {
    for (size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
      if (starts.size() < room) {
        starts.push_back(line);
      } else {
        starts[static_cast<size_t>(count) % room] = line;
      }
      ++count;
      line = offset + static_cast<int64_t>(at) + 1;
    }
    offset += static_cast<int64_t>(bytes.size());
    return {};
  }));
  const int64_t oldest = count < wanted ? 0 : starts[static_cast<size_t>(count) % room];
  wanted -= std::min(count, wanted);
  return oldest;
}

/// The same for a plain file, read from its end.
Result<int64_t> start_of_tail_backwards(const LogPart& part, std::vector<char>& buffer, int64_t& wanted) {
  int64_t end = TRY(sys::fstat(part.file)).st_size;
  bool last = true;  // the line end of the newest entry begins nothing
  while (end > 0) {
    const int64_t begin = std::max<int64_t>(0, end - static_cast<int64_t>(buffer.size()));
    const auto size = static_cast<size_t>(end - begin);
    TRY(sys::pread(part.file, std::span(buffer.data(), size), begin));
    for (size_t i = size; i-- > 0;) {
      if (buffer[i] != '\n') continue;
      if (!std::exchange(last, false) && --wanted == 0) return begin + static_cast<int64_t>(i) + 1;
    }
    end = begin;
  }
  if (!last) --wanted;
  return int64_t{0};
}

Result<void> drop_before_tail(std::vector<LogPart>& parts, std::vector<char>& buffer, int64_t tail) {
  int64_t wanted = tail;
  for (size_t i = parts.size(); i-- > 0;) {
    LogPart& part = parts[i];
    if (wanted <= 0) {
      // Only the file that is written to stays, for what is still to come.
      if (i + 1 == parts.size()) part.start = TRY(sys::fstat(part.file)).st_size;
      if (i + 1 == parts.size()) continue;
      parts.erase(parts.begin(), parts.begin() + static_cast<ptrdiff_t>(i) + 1);
      return {};
    }
    part.start =
        part.packed ? TRY(start_of_tail(part, buffer, wanted)) : TRY(start_of_tail_backwards(part, buffer, wanted));
  }
  return {};
}

/// Reads a log that is being written.
class Follower {
 public:
  Follower(const std::string& path, const Progress& progress, const Call& call, Splitter& splitter, Consumer& consumer)
      : path_(path), progress_(progress), call_(call), splitter_(splitter), consumer_(consumer) {}

  Result<void> run(LogPart part, int64_t offset, uint64_t seen, std::vector<char>& buffer) {
    while (!splitter_.past_end()) {
      const bool last_round = progress_.closed();
      part.start = offset;
      offset = TRY(read(part, buffer));
      if (is_replaced(part.file, path_)) {
        part.start = offset;
        TRY(read(part, buffer));
        const auto begin = TRY(change_file(part, buffer));
        if (!begin) break;
        offset = *begin;
        continue;
      }
      TRY(consumer_.flush());
      if (last_round || call_.stop.stop_requested() || call_.expired()) break;
      progress_.wait_past(seen, call_);
      seen = progress_.count();
    }
    return consumer_.flush();
  }

 private:
  Result<int64_t> read(const LogPart& part, std::vector<char>& buffer) {
    return for_each_block(part, buffer, [&](std::string_view bytes) { return splitter_.feed(bytes); });
  }
  /// After a rotation: the rest of the old file was read. Where more than one file went by meanwhile, all are read
  /// again, without what was given. nullopt where there is no log any more.
  Result<std::optional<int64_t>> change_file(LogPart& part, std::vector<char>& buffer) {
    splitter_.forget_rest();
    const bool next_one = same_file(part.file, path_ + ".1");
    if (!next_one) splitter_.skip_until(splitter_.last_time());
    auto parts = TRY(open_parts(path_));
    if (parts.empty()) return std::optional<int64_t>();  // removed with its container
    part = std::move(parts.back());
    parts.pop_back();
    if (!next_one)
      for (const LogPart& older : parts) TRY(read(older, buffer));
    return std::optional<int64_t>(0);
  }

  const std::string& path_;
  const Progress& progress_;
  const Call& call_;
  Splitter& splitter_;
  Consumer& consumer_;
};

/// Returns the offset of the last part's end.
Result<int64_t> read_parts(const std::vector<LogPart>& parts, std::vector<char>& buffer, const Call& call,
                           Splitter& splitter) {
  int64_t end = 0;
  for (const LogPart& part : parts) {
    if (splitter.past_end()) break;
    end = TRY(for_each_block(part, buffer, [&](std::string_view bytes) -> Result<void> {
      if (call.stop.stop_requested()) return cancelled("read log: cancelled");
      return splitter.feed(bytes);
    }));
  }
  return end;
}

}  // namespace

Result<LogSnapshot> LogSnapshot::take(const std::string& path) {
  auto parts = TRY(open_parts(path));
  if (!parts.empty()) parts.back().end = TRY(sys::fstat(parts.back().file)).st_size;
  return LogSnapshot(std::move(parts));
}

Result<void> LogSnapshot::read(const Call& call, Consumer& consumer) const {
  std::vector<char> buffer(kBlock);
  const ReadOptions options;
  Splitter splitter(options, consumer);
  TRY(read_parts(parts_, buffer, call, splitter));
  return consumer.flush();
}

Result<void> read_log(const std::string& path, const ReadOptions& options, std::shared_ptr<const Progress> progress,
                      const Call& call, Consumer& consumer) {
  // Before the files are looked at: what comes later wakes the follower.
  const uint64_t seen = progress ? progress->count() : 0;
  auto parts = TRY(open_parts(path));
  std::vector<char> buffer(kBlock);
  if (options.tail) TRY(drop_before_tail(parts, buffer, *options.tail));
  Splitter splitter(options, consumer);
  const int64_t end = TRY(read_parts(parts, buffer, call, splitter));
  TRY(consumer.flush());
  if (!progress || parts.empty() || splitter.past_end()) return {};
  return Follower(path, *progress, call, splitter, consumer).run(std::move(parts.back()), end, seen, buffer);
}

}  // namespace hull::engine::logs
