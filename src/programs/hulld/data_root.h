#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace hull::daemon {

/// The file in a data root whose content `hulld purge` removes.
std::string purge_mark(const std::string& data_root);

/// A daemon's claim on its folders: holds the lock of the data root as long as it lives.
class DataRoot {
 public:
  /// Whether a data root may be taken that `hulld purge` has begun to remove.
  enum class Purged { kRefuse, kAccept };
  /// Makes both folders where they are missing and locks the data root.
  /// Errors: kFailedPrecondition naming the process that holds the lock, or telling of the purge.
  static Result<DataRoot> claim(const std::string& data_root, const std::string& exec_root,
                                Purged purged = Purged::kRefuse);

  /// A UUID made at the first start and kept since.
  const std::string& engine_id() const { return engine_id_; }

 private:
  DataRoot(UniqueFd lock, std::string engine_id) : lock_(std::move(lock)), engine_id_(std::move(engine_id)) {}
  UniqueFd lock_;
  std::string engine_id_;
};

/// Writes our process id; removes the file when it goes. A file of a process that has ended is replaced.
class PidFile {
 public:
  /// Errors: kFailedPrecondition, with docker's text, where the process in it still runs.
  static Result<PidFile> create(const std::string& path);
  PidFile(PidFile&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  ~PidFile();

 private:
  explicit PidFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace hull::daemon
