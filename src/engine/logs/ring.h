#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "base/daemon/thread.h"
#include "base/result.h"
#include "base/units.h"
#include "engine/logs/driver.h"

namespace hull::engine::logs {

/// Docker's mode=non-blocking: output waits in memory for a thread that gives it to the driver proper; what comes while
/// the buffer is full is dropped and counted, so that a slow log never makes the container wait.
class Ring final : public Driver {
 public:
  /// Errors: kResourceExhausted where no thread can be made.
  static Result<std::unique_ptr<Ring>> start(std::unique_ptr<Driver> inner, Bytes most);
  /// Once what waits is written.
  ~Ring() override;

  void write(Stream stream, std::string_view bytes) override;
  void finish(Stream stream) override;
  std::string_view unfinished(Stream stream) const override;
  /// Bytes.
  int64_t dropped() const;

 private:
  Ring(std::unique_ptr<Driver> inner, Bytes most) : inner_(std::move(inner)), most_(most) {}
  void run();

  struct Piece {
    Stream stream;
    std::string bytes;  ///< empty: the stream has ended
  };
  const std::unique_ptr<Driver> inner_;  // of the thread; of who finds that nothing waits and nothing is being written
  const Bytes most_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::deque<Piece> waiting_;  // guarded by mutex_, as all below
  int64_t size_ = 0;
  int64_t dropped_ = 0;
  bool writing_ = false;
  bool stopping_ = false;
  Thread thread_;  // last: it ends first
};

}  // namespace hull::engine::logs
