#pragma once

#include <google/protobuf/any.pb.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/call.h"
#include "base/guarded.h"
#include "base/result.h"

namespace hull::supervisor {

/// One end of a client's stream of messages. Thread-safe.
class MessageStream {
 public:
  virtual ~MessageStream() = default;
  /// The next message; none at the end. Errors: kCancelled, kDeadlineExceeded.
  virtual Result<std::optional<google::protobuf::Any>> receive(const Call& call) = 0;
  /// Waits until it is on its way. Errors: kUnavailable: the client has gone.
  virtual Result<void> send(const Call& call, const google::protobuf::Any& message) = 0;
  /// Nothing more is sent or read. Repeat calls do nothing.
  virtual void close() = 0;
};

/// Streams that clients have opened, by the names that they gave them. A stream goes when its client does.
class StreamHub {
 public:
  /// Errors: kAlreadyExists; kResourceExhausted: too many wait to be used.
  Result<void> add(const std::string& ns, const std::string& id, const std::shared_ptr<MessageStream>& stream);
  /// Where the name is still that stream's.
  void remove(const std::string& ns, const std::string& id, const MessageStream& stream);
  /// Takes it: nobody else gets it. Errors: kNotFound.
  Result<std::shared_ptr<MessageStream>> take(const std::string& ns, const std::string& id);

 private:
  using Key = std::pair<std::string, std::string>;
  Guarded<std::map<Key, std::weak_ptr<MessageStream>>> streams_;
};

}  // namespace hull::supervisor
