#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace hull::supervisor {

/// Where services tell what they changed. Calls come from any thread and do not wait.
class EventSink {
 public:
  virtual ~EventSink() = default;
  /// topic: "/images/create"; event: containerd.services.images.v1.ImageCreate …
  virtual void publish(const std::string& ns, const std::string& topic, const google::protobuf::Message& event) = 0;
};

}  // namespace hull::supervisor
