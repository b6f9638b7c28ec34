#pragma once

#include <stop_token>
#include <string>

#include "base/fd.h"
#include "engine/logs/reader.h"
#include "engine/stdio/client_queue.h"

namespace hull::engine::routes {

/// Sends log entries over an attached client's own connection, as its output is sent.
class Backlog final : public logs::Consumer {
 public:
  /// client: outlives this. stop: ends the wait for a client that does not read.
  Backlog(FdRef client, stdio::Framing framing, stdio::ClientQueue::Wants wants, std::stop_token stop)
      : client_(client), framing_(framing), wants_(wants), stop_(std::move(stop)) {}

  Result<void> take(const logs::Entry& entry) override;
  Result<void> flush() override;

 private:
  const FdRef client_;
  const stdio::Framing framing_;
  const stdio::ClientQueue::Wants wants_;
  const std::stop_token stop_;
  std::string out_;
};

}  // namespace hull::engine::routes
