#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/call.h"
#include "base/fd.h"
#include "base/result.h"
#include "engine/logs/driver.h"
#include "engine/logs/json_encoder.h"
#include "engine/logs/options.h"
#include "engine/logs/spool.h"

namespace hull::engine::logs {

/// What a log file's readers are told about it. Thread-safe.
class Progress {
 public:
  /// More was written, or the writer is gone.
  void advance();
  void close();
  /// A number that grows with each advance().
  uint64_t count() const;
  bool closed() const;
  /// Returns once count() is above `seen`, the writer is gone, or the call ends.
  void wait_past(uint64_t seen, const Call& call) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  uint64_t count_ = 0;
  bool closed_ = false;
};

/// Docker's json-file driver: `path`, and `path.1` (or `path.1.gz`) … for older parts. Lines longer than 16 KiB are
/// stored in parts without a line end. Rotated files are compressed in the background.
class JsonFile final : public Driver {
 public:
  static constexpr size_t kMaxLine = 16 * 1024;

  /// Appends to the file. attributes: stored with each entry, see attributes_of(). spool: what is not in the log when
  /// the engine is killed comes from there afterwards; without one, it is lost.
  static Result<std::unique_ptr<JsonFile>> open(std::string path, const Options& options, std::string attributes,
                                                std::unique_ptr<Spool> spool = nullptr);
  ~JsonFile() override;

  Result<std::optional<size_t>> take(Stream stream, FdRef fifo, std::span<char> buffer) override;
  void write(Stream stream, std::string_view bytes) override;
  void finish(Stream stream) override;
  std::string_view unfinished(Stream stream) const override { return unfinished_[static_cast<size_t>(stream)]; }
  const std::shared_ptr<Progress>& progress() const { return progress_; }

 private:
  JsonFile(std::string path, UniqueFd file, const Options& options, std::string attributes);
  Result<void> take_over(std::unique_ptr<Spool> spool);
  Result<void> pass_over_logged(std::array<std::string, kStreams>& rest);
  Result<void> mark();
  void keep_mark();
  void give_spool_up(const Error& error);
  Result<void> look_at_file();
  void take_line(Stream stream, std::string_view line, LineEnd end);
  std::string_view take_lines(Stream stream, std::string_view bytes);
  void flush();
  Result<void> rotate();
  void report(const Error& error);

  const std::string path_;
  const int64_t max_size_;
  const int max_files_;
  const bool compress_;
  const std::string attributes_;
  const std::shared_ptr<Progress> progress_ = std::make_shared<Progress>();
  const std::shared_ptr<class RotatedFiles> rotated_;

  UniqueFd file_;
  Spool::Mark at_;                // what file_ is and how long, and how much of each stream is in it
  std::unique_ptr<Spool> spool_;  // null where there is none, or it failed
  EntryClock clock_;
  std::string out_;                               // entries not written yet
  std::array<std::string, kStreams> unfinished_;  // a line's beginning
  bool shifted_ = false;                          // the current file is part 1 already, the new one not yet made
  bool reported_ = false;
};

}  // namespace hull::engine::logs
