#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/network/endpoint.h"
#include "base/call.h"
#include "base/result.h"

/// What networks need of containers: declared here by the consumer, implemented by containers/, wired in
/// programs/hulld.
namespace hull::engine {

struct NetworkUser {
  std::string id;
  std::string name;  ///< without the slash
  bool running = false;
  std::string network_mode;
  std::optional<api::EndpointSettings> endpoint;  ///< on the network asked about, where it has one
};

/// A container that is neither started, ended, renamed nor removed by anybody else while this lives.
class HeldUser {
 public:
  virtual ~HeldUser() = default;
  virtual NetworkUser on_network(const std::string& network_name) const = 0;
  /// Remembers what was connected; settings hold the addresses where the container runs.
  virtual Result<void> remember_endpoint(const std::string& network_name, const api::EndpointSettings& settings) = 0;
  virtual Result<void> forget_endpoint(const std::string& network_name) = 0;
};

class NetworkUsers {
 public:
  virtual ~NetworkUsers() = default;
  /// A container by (short) id or name; waits for what is being done to it.
  /// Errors: kNotFound "No such container: x"; kCancelled, kDeadlineExceeded.
  virtual Result<std::unique_ptr<HeldUser>> hold(const Call& call, const std::string& container) = 0;
};

}  // namespace hull::engine
