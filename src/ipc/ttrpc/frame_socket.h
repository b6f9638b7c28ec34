#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "ipc/ttrpc/frame.h"

namespace hull::ttrpc {

enum class Received { kNothing, kBytes };

/// A non-blocking stream socket that carries frames. Not thread-safe.
class FrameSocket {
 public:
  explicit FrameSocket(UniqueFd fd) : fd_(std::move(fd)) {}

  FdRef fd() const { return fd_; }
  void close() { fd_.reset(); }
  /// Reads what is there now. Errors: kUnavailable when the peer has closed.
  Result<Received> receive(std::vector<Frame>& frames);
  /// Queues the frame and sends as much as the socket takes.
  /// Errors: kResourceExhausted when more than `limit` bytes wait for a peer that does not read.
  Result<void> send(uint32_t stream, MessageType type, std::string_view message, size_t limit);
  /// Sends on. Errors: kUnavailable.
  Result<void> flush();
  bool wants_to_write() const { return !out_.empty(); }
  /// Bytes of memory that hold what waits to be sent.
  size_t held() const { return out_.capacity(); }

 private:
  UniqueFd fd_;
  FrameReader reader_;
  std::string out_;
  size_t sent_ = 0;  // bytes of out_ that are gone
};

}  // namespace hull::ttrpc
