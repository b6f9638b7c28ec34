#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"

namespace hull::engine::logs {

/// The older parts of one log: `base.1` is the youngest; each also as `.gz`. Compression runs in the background, and a
/// part may move on to its next number meanwhile. Thread-safe.
class RotatedFiles {
 public:
  RotatedFiles(std::string base, int max_files) : base_(std::move(base)), max_parts_(max_files - 1) {}

  /// Moves every part on by one, drops what is too old, and makes the current file part 1. Where somebody took the
  /// current file away, all stays as it is.
  Result<void> shift();
  /// Compresses part 1 in the background.
  static void compress_youngest(const std::shared_ptr<RotatedFiles>& files);

  /// Existing parts, oldest first.
  static std::vector<std::string> list(const std::string& base);

 private:
  struct Job {
    int part = 1;  // where the file is now; guarded by mutex_
  };
  Result<void> compress(Job& job);
  std::string name(int part) const { return base_ + "." + std::to_string(part); }

  const std::string base_;
  const int max_parts_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Job>> jobs_;  // guarded by mutex_
};

}  // namespace hull::engine::logs
