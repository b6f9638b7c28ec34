#pragma once

#include "archive/stream.h"
#include "registry/client/tokens.h"
#include "supervisor/services/stream_hub.h"
#include "supervisor/transfer/job.h"

/// What goes over a transfer's streams. Source: containerd's streaming protocol for transfers: the reader grants a
/// window of bytes, the writer sends no more than that, and closing is the end.
namespace hull::supervisor {

/// A body that the client sends.
class StreamSource final : public archive::Source {
 public:
  StreamSource(const Call& call, MessageStream& stream) : call_(call), stream_(stream) {}
  Result<size_t> read(std::span<char> data) override;

 private:
  const Call& call_;
  MessageStream& stream_;
  int64_t window_ = 0;
  std::string rest_;
  size_t offset_ = 0;
};

/// A body that the client receives.
class StreamSink final : public archive::Sink {
 public:
  StreamSink(const Call& call, MessageStream& stream) : call_(call), stream_(stream) {}
  Result<void> write(std::string_view data) override;

 private:
  Result<void> await_window();

  const Call& call_;
  MessageStream& stream_;
  int64_t window_ = 0;
};

/// Shows progress; a client that does not read misses some.
void send_progress(const Call& call, MessageStream& stream, const TransferProgress& progress);

/// Asks the client who it is at the registry. Errors: kInvalidArgument: no such answer.
Result<registry::Credentials> ask_for_credentials(const Call& call, MessageStream& stream, const std::string& host,
                                                  const std::string& reference);

}  // namespace hull::supervisor
