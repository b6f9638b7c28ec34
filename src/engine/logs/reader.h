#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/call.h"
#include "base/fd.h"
#include "base/result.h"
#include "base/time.h"
#include "engine/logs/json_decoder.h"
#include "engine/logs/json_file.h"

namespace hull::engine::logs {

struct ReadOptions {
  bool out = true;
  bool err = true;
  std::optional<Timestamp> since;
  std::optional<Timestamp> until;
  std::optional<int64_t> tail;  ///< the last so many entries; absent: all
};

/// Who is given the entries.
class Consumer {
 public:
  virtual ~Consumer() = default;
  virtual Result<void> take(const Entry& entry) = 0;
  /// No more for the moment: pass on what was taken.
  virtual Result<void> flush() = 0;
};

/// One file of a log.
struct LogPart {
  UniqueFd file;
  bool packed = false;
  int64_t start = 0;        ///< of what is wanted
  int64_t end = INT64_MAX;  ///< what comes later is not wanted
};

/// A log as it is at one moment. Its files are held open: rotations take nothing of it away.
class LogSnapshot {
 public:
  /// Where no more is written at this moment, it ends with the last entry. A log that was never written is empty.
  static Result<LogSnapshot> take(const std::string& path);
  /// Gives the consumer all of it. Errors: the consumer's; kCancelled.
  Result<void> read(const Call& call, Consumer& consumer) const;

 private:
  explicit LogSnapshot(std::vector<LogPart> parts) : parts_(std::move(parts)) {}
  std::vector<LogPart> parts_;
};

/// Gives the consumer what the log at `path` and its rotated parts hold. With `progress`, goes on with what is written
/// until the writer or the log is gone or the call ends. Damaged entries are left out.
/// Errors: the consumer's; kNotFound is none: a log that was never written is empty.
Result<void> read_log(const std::string& path, const ReadOptions& options, std::shared_ptr<const Progress> progress,
                      const Call& call, Consumer& consumer);

}  // namespace hull::engine::logs
