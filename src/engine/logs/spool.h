#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "engine/logs/driver.h"

namespace hull::engine::logs {

/// What was taken out of a container's FIFOs and is not in its log yet, kept in files beside the FIFOs: a SIGKILL of
/// the engine at any moment loses nothing of it, and nothing gets into the log twice.
///
/// A stream's bytes reach its file by splice(2), which takes from the FIFO exactly what the file grew by, however it
/// ends: so the size of the file tells what was taken. The mark tells up to where the files' bytes are in the log, and
/// how long the log was then. Each entry behind that length stands for one line more (see JsonFile).
/// What is in the log is given back to the file system, while the files' offsets go on growing.
class Spool {
 public:
  struct Mark {
    uint64_t device = 0;  ///< of the log file
    uint64_t inode = 0;
    int64_t log_size = 0;
    std::array<int64_t, kStreams> logged = {};  ///< offsets in the streams' files
    bool operator==(const Mark&) const = default;
  };

  /// Takes over what an engine before us left in the directory. Makes no file yet.
  static Result<std::unique_ptr<Spool>> open(const std::string& directory);
  /// Removes what a run before left in the directory.
  static void discard(const std::string& directory);
  void discard() { discard(directory_); }

  /// nullopt where nothing was ever taken.
  const std::optional<Mark>& mark() const { return mark_; }
  /// Before the first take(), and whenever the log has grown. Survives a SIGKILL as a whole or not at all.
  Result<void> set_mark(const Mark& mark);
  /// Moves what is in the FIFO to the stream's file, at most as much as the buffer holds, and copies it there.
  /// nullopt where there is nothing now, 0 at the FIFO's end. Errors: nothing was taken.
  Result<std::optional<size_t>> take(Stream stream, FdRef fifo, std::span<char> buffer);
  /// What was taken of the stream after the mark. Errors: kDataLoss where it can't be what we left.
  Result<std::string> rest(Stream stream) const;

 private:
  struct Kept {
    UniqueFd file;
    int64_t size = 0;
    int64_t freed = 0;  // the file has no blocks before this offset
  };
  explicit Spool(std::string directory) : directory_(std::move(directory)) {}
  Result<void> load_mark();
  Result<void> free_logged(Kept& kept, int64_t logged);
  Kept& of(Stream stream) { return kept_[static_cast<size_t>(stream)]; }

  const std::string directory_;
  UniqueFd mark_file_;
  std::optional<Mark> mark_;
  uint64_t sequence_ = 0;
  std::array<Kept, kStreams> kept_;
};

}  // namespace hull::engine::logs
