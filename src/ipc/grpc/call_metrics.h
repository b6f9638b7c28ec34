#pragma once

#include <grpcpp/support/server_interceptor.h>

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "base/guarded.h"

namespace hull::ipc {

/// Counts of a server's calls, as Prometheus has them from Go's gRPC servers (grpc_server_*). Thread-safe.
class CallMetrics {
 public:
  enum class Histogram { kNo, kYes };
  explicit CallMetrics(Histogram histogram) : histogram_(histogram) {}

  /// In the text format of Prometheus.
  std::string format() const;

  struct Method {
    std::string service;
    std::string name;
    std::string type;  ///< "unary", "server_stream" …
    auto operator<=>(const Method&) const = default;
  };
  void started(const Method& method);
  void received(const Method& method);
  void sent(const Method& method);
  void handled(const Method& method, grpc::StatusCode code, std::chrono::nanoseconds time);

 private:
  static constexpr std::array<double, 11> kBuckets = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  struct Counts {
    uint64_t started = 0;
    uint64_t received = 0;
    uint64_t sent = 0;
    std::map<grpc::StatusCode, uint64_t> handled;
    std::array<uint64_t, kBuckets.size()> within{};  ///< calls that took so long at most
    uint64_t timed = 0;
    double seconds = 0;
  };
  using All = std::map<Method, Counts>;
  /// Those of the method; what clients make up share one entry once there are very many.
  static Counts& of(All& all, const Method& method);
  static void format_histogram(const All& all, std::string& out);

  const Histogram histogram_;
  Guarded<All> counts_;
};

/// What tells the metrics of each call; they outlive the server.
std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> make_call_counter(CallMetrics& metrics);

}  // namespace hull::ipc
