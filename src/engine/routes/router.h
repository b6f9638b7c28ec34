#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/routes/route.h"
#include "ipc/http/exchange.h"

namespace hull::engine::routes {

/// The table of all routes. Filled before the first request, then read by all threads.
class Router {
 public:
  /// server: the Server header.
  explicit Router(std::string server) : server_(std::move(server)) {}

  /// Two routes of one method and pattern are our bug.
  void add(std::vector<Route> routes);
  /// All routes, in the order they were added: the coverage document is made of them.
  const std::vector<Route>& routes() const { return routes_; }

  /// Answers the request: finds the route under its "/v1.xx" prefix, runs the handler, and makes its error the answer.
  /// As docker does: 400 for a version out of range, 404 {"message":"page not found"} where no route fits.
  void serve(http::Exchange& exchange) const;
  /// Whether a request is being served.
  bool busy() const { return serving_ > 0; }

 private:
  struct Pattern {
    std::vector<std::string_view> segments;  ///< of the route's pattern
    size_t literals = 0;
    size_t route = 0;
  };
  struct Match {
    const Route* route = nullptr;
    std::map<std::string, std::string, std::less<>> parameters;
  };
  Match find(http::Method method, std::string_view path, ApiVersion version) const;
  void set_headers(http::Exchange& exchange) const;
  void route(http::Exchange& exchange) const;

  const std::string server_;
  std::vector<Route> routes_;
  std::map<http::Method, std::vector<Pattern>> patterns_;  ///< those with more literal segments first
  mutable std::atomic<size_t> serving_ = 0;
};

/// The version of a path like "/v1.43/info", and the path behind it; the newest where there is none.
/// Errors: kInvalidArgument, with docker's text, for one that is too old or too new.
struct VersionedPath {
  ApiVersion version;
  std::string_view path;
};
Result<VersionedPath> split_version(std::string_view path);

/// Makes the error the answer: {"message": …} with its status, or nothing but the status for 304.
Result<void> send_error(http::Exchange& exchange, const Error& error);
/// {"message": …} and a line end.
std::string error_body(std::string_view message);

}  // namespace hull::engine::routes
