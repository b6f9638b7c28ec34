#pragma once

#include <optional>

#include "base/fd.h"
#include "base/result.h"

namespace hull::engine::stdio {

/// Tells when the other side of a unix socket has read all that was sent so far. python3-docker reads the answer's head
/// through a buffer and the output past it: what reaches the buffer together with the head is lost to it.
class ReadReceipt {
 public:
  explicit ReadReceipt(FdRef socket) : socket_(socket) {}

  /// True also where nobody can tell: over TCP what counts is the other kernel's answer, not its program's.
  bool read() const;
  /// Becomes readable (POLLIN) with each read of the other side; from the first call on.
  Result<FdRef> signal();
  /// To be called when it was readable.
  void consume();

 private:
  const FdRef socket_;
  UniqueFd edges_;
};

}  // namespace hull::engine::stdio
