#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "engine/logs/driver.h"

namespace hull::engine::stdio {

/// kFrames: Docker's multiplexed stream, eight bytes {stream, 0, 0, 0, big-endian length} before each piece.
enum class Framing { kRaw, kFrames };

/// Appends a piece of output in that framing.
void append_framed(std::string& out, Framing framing, logs::Stream stream, std::string_view bytes);

/// Output on its way to one client: filled by a pump's thread, emptied by the client's. Bounded: a full queue makes the
/// pump pause, as in Docker, where a process waits for whoever attached to it.
class ClientQueue {
 public:
  static constexpr size_t kFull = 1024 * 1024;
  struct Wants {
    bool out = true;
    bool err = true;
  };

  static Result<std::shared_ptr<ClientQueue>> create(Framing framing, Wants wants);

  /// False once the queue is full; what was given is kept all the same.
  bool push(logs::Stream stream, std::string_view bytes);
  /// For the client, whatever it wants of the process.
  bool push_anyway(logs::Stream stream, std::string_view bytes);
  /// No more output comes.
  void end();
  /// Called, on the client's thread, when a full queue was emptied.
  void on_room(std::function<void()> resume);

  /// Readable when there is something new.
  FdRef signal() const { return signal_; }
  /// Wakes the client's thread.
  void wake();
  /// Appends everything queued; false once the end was reached.
  bool take(std::string& out);
  /// The client is gone: nothing is queued from now on.
  void abandon();

 private:
  ClientQueue(Framing framing, Wants wants, UniqueFd signal)
      : framing_(framing), wants_(wants), signal_(std::move(signal)) {}

  const Framing framing_;
  const Wants wants_;
  const UniqueFd signal_;
  std::mutex mutex_;
  std::string queued_;
  std::function<void()> resume_;
  bool full_ = false;
  bool ended_ = false;
  bool abandoned_ = false;
};

}  // namespace hull::engine::stdio
