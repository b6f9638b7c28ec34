#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/sys.h"

namespace hull::engine::logs {

enum class Stream : uint8_t { kStdout, kStderr };
inline constexpr size_t kStreams = 2;

/// Where the output of one container goes. Used by one thread at a time.
class Driver {
 public:
  virtual ~Driver() = default;
  /// The next bytes of a stream from its FIFO: nullopt where there are none now, 0 at its end. They go to write()
  /// before more are taken; a driver that stores can keep them safe meanwhile.
  virtual Result<std::optional<size_t>> take(Stream, FdRef fifo, std::span<char> buffer) {
    return sys::try_read(fifo, buffer);
  }
  /// Takes the next bytes of a stream. Never fails: what can't be stored is lost and that is logged once.
  virtual void write(Stream stream, std::string_view bytes) = 0;
  /// The stream has ended: a last line without its end is stored as it is.
  virtual void finish(Stream stream) = 0;
  /// The beginning of a line, which is stored once the line is whole; valid until the next call.
  virtual std::string_view unfinished(Stream) const { return {}; }
};

/// Drops everything.
class NoDriver final : public Driver {
 public:
  void write(Stream, std::string_view) override {}
  void finish(Stream) override {}
};

}  // namespace hull::engine::logs
